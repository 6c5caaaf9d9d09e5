// What protecting whole clients costs: a round of a job that does against the same round of one that does
// not, for noise of the aggregator's, for noise that clients share, and with a clip that adapts.
//
//   cairn_bench_client_privacy [repeats [rows a client]]
//
// 50 clients train McMahan's convolutional net (1,663,370 parameters) for one epoch of batches of 10, on two
// workers, masks left out on both sides. A repeat runs one round of each job, every other time the other way
// round.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "cli/worker/keep_freed_memory.h"
#include "cli/worker/one_blas_thread.h"
#include "tests/bench/other_load.h"
#include "tests/bench/paced_sim.h"

namespace cairn::bench {
namespace {

constexpr std::uint32_t kClients = 50;
constexpr std::size_t kWorkers = 2;
constexpr double kBar = 1.02;

using Mechanism = PrivacyTerms::Mechanism;

PrivacyTerms Terms(Mechanism mechanism, double quantile) {
  PrivacyTerms terms;
  terms.unit = PrivacyUnit::kClient;
  terms.mechanism = mechanism;
  terms.clip_quantile = quantile;
  return terms;
}

struct Side {
  const char* what;
  std::unique_ptr<PacedSim> sim;
  std::vector<double> ratios = {};
  double wall = 0;
};

void Run(int repeats, std::uint32_t rows) {
  const auto data = std::make_shared<const NoiseImages>(kClients * rows);
  const auto sim = [&](const std::optional<PrivacyTerms>& privacy) {
    return std::make_unique<PacedSim>("mcmahan-cnn", data, kClients, kWorkers, privacy);
  };
  std::vector<Side> sides;
  sides.push_back({"plain", sim(std::nullopt)});
  sides.push_back({"central", sim(Terms(Mechanism::kCentral, 0))});
  sides.push_back({"distributed", sim(Terms(Mechanism::kDistributed, 0))});
  sides.push_back({"central, adaptive clip", sim(Terms(Mechanism::kCentral, 0.5))});
  const OtherLoad load;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (std::size_t i = 0; i < sides.size(); ++i) {
      Side& side = sides[repeat % 2 == 0 ? i : sides.size() - 1 - i];
      side.wall = side.sim->RunRounds(1).wall;
    }
    for (Side& side : sides) side.ratios.push_back(side.wall / sides.front().wall);
  }
  std::printf("50 clients x %u rows, 2 workers: a plain round takes %.2f s\n", rows, sides.front().wall);
  for (std::size_t i = 1; i < sides.size(); ++i)
    std::printf("  %-24s %s of a plain round, bar %.2f\n", sides[i].what,
                Spread(sides[i].ratios).ToString().c_str(), kBar);
  std::printf("  others took %.0f %% of the machine\n", 100 * load.Share());
}

}  // namespace
}  // namespace cairn::bench

int main(int argc, char** argv) {
  cairn::EnsureOneBlasThread(argv);
  cairn::KeepFreedMemory();
  const int repeats = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  const int rows = argc > 2 ? std::max(10, std::atoi(argv[2])) : 600;
  cairn::bench::Run(repeats, static_cast<std::uint32_t>(rows / 10 * 10));
  return 0;
}

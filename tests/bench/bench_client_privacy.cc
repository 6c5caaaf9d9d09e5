// What protecting whole clients costs: a round of a job that does against the same round of one that does
// not, for noise of the aggregator's, for noise that clients share, and with a clip that adapts.
//
//   cairn_bench_client_privacy [repeats [rows a client]]
//
// 50 clients train McMahan's convolutional net (1,663,370 parameters) for one epoch of batches of 10, on two
// workers, masks left out on both sides. A repeat runs one round of each job, every other time the other way
// round.
//
// A round's time moves by more than what is asked about, so its parts are timed too, one thread, and held
// against the training of one client: clipping and rounding to the grid, a share of noise, noise on the sum.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "aggregator/engine/central_budget.h"
#include "cli/worker/keep_freed_memory.h"
#include "cli/worker/one_blas_thread.h"
#include "protocol/messages/manifest.h"
#include "tests/bench/bench_seconds.h"
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

// Seconds of what a round that protects clients does beside training, at this many parameters; medians.
struct Parts {
  double encode = 0;  // a client: clip, grid
  double share = 0;   // a client: its noise
  double open = 0;    // a round: the aggregator's noise, and the opening
};

JobManifest PartsJob(Mechanism mechanism) {
  JobManifest manifest;
  manifest.spec.strategy.weight_by_examples = false;
  manifest.spec.evaluate.federated = false;
  manifest.spec.cohort.min_clients = kClients;
  manifest.spec.privacy = Terms(mechanism, 0);
  manifest.digest = ComputeDigest(manifest);
  return manifest;
}

void Must(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

constexpr std::int64_t kParameters = 1'663'370;
constexpr std::uint64_t kTimes = 9;

Parts TimeParts() {
  const UpdateLayout update{kParameters, 0, 0, 1};
  const std::vector<float> delta(kParameters, 1e-3F);
  UpdateView view;
  view.local_parameters = delta;
  std::vector<double> encode, share, open;
  NoiseBits bits = NoiseBits::FromSystem();
  CentralBudget budget = CentralBudget::ForSimulation(kClients, 1e-3).value();
  for (const Mechanism mechanism : {Mechanism::kDistributed, Mechanism::kCentral}) {
    const JobManifest job = PartsJob(mechanism);
    const auto layout = std::make_shared<const MaskedLayout>(MaskedLayoutOf(job, update, RoundKind::kTrain));
    std::vector<std::byte> words(layout->byte_size());
    for (std::uint64_t i = 1; i <= kTimes; ++i) {
      const EncodeTerms terms{1, RoundId{i}, ClientId{1}, false};
      encode.push_back(
          cairn::Seconds([&] { Must(EncodeContribution({.update = &view}, *layout, terms, words)); }));
      if (mechanism == Mechanism::kDistributed) {
        share.push_back(cairn::Seconds([&] { Must(AddNoiseShares(*layout, bits, words)); }));
        continue;
      }
      RingSum sum(layout);
      sum.Add(words);
      const PrivacyEvent event = ClientEventOf(*job.spec.privacy, *layout->noise, kClients).value();
      auto release = budget.Charge(job, {JobId{1}, RoundId{i}, 1}, event, NoiseBits::FromSystem());
      open.push_back(
          cairn::Seconds([&] { Must(OpenRingSum(sum, update, 1, std::move(release).value()).status()); }));
    }
  }
  return {Median(encode), Median(share), Median(open)};
}

void TellParts(double training) {
  const Parts parts = TimeParts();
  std::printf(
      "  a client trains %.0f ms, is clipped onto the grid in %.1f ms, draws its share in %.1f ms; the sum "
      "is opened "
      "under noise in %.1f ms\n",
      1e3 * training, 1e3 * parts.encode, 1e3 * parts.share, 1e3 * parts.open);
  std::printf("  central                  %.2f %% of the training, goal 2\n",
              100 * (parts.encode + parts.open / kClients) / training);
  std::printf("  distributed              %.2f %% of the training, goal 2\n",
              100 * (parts.encode + parts.share) / training);
}

struct Side {
  const char* what;
  std::unique_ptr<PacedSim> sim;
  std::vector<double> ratios = {};
  double wall = 0, training = 0;
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
      const PacedSim::Took took = side.sim->RunRounds(1);
      side.wall = took.wall;
      side.training = took.training / kClients;
    }
    for (Side& side : sides) side.ratios.push_back(side.wall / sides.front().wall);
  }
  std::printf("50 clients x %u rows, 2 workers: a plain round takes %.2f s\n", rows, sides.front().wall);
  for (std::size_t i = 1; i < sides.size(); ++i)
    std::printf("  %-24s %s of a plain round, bar %.2f\n", sides[i].what,
                Spread(sides[i].ratios).ToString().c_str(), kBar);
  TellParts(sides.front().training);
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

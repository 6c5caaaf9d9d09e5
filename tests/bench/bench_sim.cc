// Steps a second of the simulator, engines and transport and aggregation and all, against a plain LibTorch
// training loop of as many steps on as many threads; and how one worker more speeds the simulator up.
//
//   cairn_bench_sim [repeats [rows a client of mcmahan-2nn [of mcmahan-cnn]]]
//
// Twenty clients of equal size train one epoch a round, batch 10. A repeat measures the loop on one and on
// two threads and the simulator with one worker and with two, one after the other in one process, each over
// as many rounds as take half a second or more; every other repeat in the opposite order, so that a machine
// that slows down or speeds up favours nobody. A ratio is of one repeat. A repeat during which other programs
// took more than 2 % of the machine is measured again, whatever came out of it, as long as patience lasts.
// Runs itself once more with one BLAS thread where the environment does not say so.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/worker/keep_freed_memory.h"
#include "cli/worker/one_blas_thread.h"
#include "tests/bench/other_load.h"
#include "tests/bench/paced_sim.h"
#include "tests/bench/raw_training.h"

namespace cairn::bench {
namespace {

constexpr std::uint32_t kClients = 20;
constexpr double kBarOfRaw = 0.90, kBarOfSpeedUp = 1.85;
constexpr double kQuiet = 0.02;         // of the machine, by others
constexpr int kPatience = 4;            // repeats begun for each one wanted
constexpr double kSampleSeconds = 0.5;  // a hiccup of the machine of some milliseconds is then 1 %

const char* Verdict(const Spread& spread, double bar) {
  if (spread.noisy()) return "";
  return spread.middle >= bar ? "  meets the bar" : "  MISSES the bar";
}

void Tell(const char* what, const std::vector<double>& values) {
  std::printf("  %-28s %s\n", what, Spread(values).ToString().c_str());
}

void TellRatio(const char* what, const std::vector<double>& values, double bar) {
  const Spread spread(values);
  std::printf("  %-28s %s, bar %.2f%s\n", what, spread.ToString().c_str(), bar, Verdict(spread, bar));
}

void TellSpeedUp(const std::vector<double>& ours, const std::vector<double>& raw) {
  const char* what = "speed-up, 2 workers over 1";
  if (Spread(raw).middle >= kBarOfSpeedUp) {
    TellRatio(what, ours, kBarOfSpeedUp);
  } else {  // neither meets nor misses: no program could
    std::printf("  %-28s %s, bar %.2f: more than the machine gives\n", what, Spread(ours).ToString().c_str(),
                kBarOfSpeedUp);
  }
  Tell("raw's own speed-up", raw);
}

// One model's four contestants, who do `rounds` rounds of equal work each time they are called.
class Contest {
 public:
  Contest(const std::string& arch, const std::shared_ptr<const NoiseImages>& data)
      : one_(arch, data, kClients, 1),
        two_(arch, data, kClients, 2),
        raw_one_{RawPass(arch, *data, 0, data->size())},
        raw_two_{RawPass(arch, *data, 0, data->size() / 2),
                 RawPass(arch, *data, data->size() / 2, data->size())} {
    for (int warm = 0; warm < 2; ++warm) Run(false);
    rounds_ = std::max(1, static_cast<int>(std::ceil(kSampleSeconds / last_.our2.wall)));
  }

  struct Repeat {
    double raw1 = 0, raw2 = 0;
    PacedSim::Took our1, our2;
    double others = 0;  // share of the machine that others took
  };
  Repeat Run(bool backwards) {
    const OtherLoad load;
    const std::function<void()> order[] = {[this] { last_.raw1 = Seconds(raw_one_, rounds_); },
                                           [this] { last_.our1 = one_.RunRounds(rounds_); },
                                           [this] { last_.our2 = two_.RunRounds(rounds_); },
                                           [this] { last_.raw2 = Seconds(raw_two_, rounds_); }};
    for (int i = 0; i < 4; ++i) order[backwards ? 3 - i : i]();
    last_.others = load.Share();
    return last_;
  }
  int rounds() const { return rounds_; }

 private:
  PacedSim one_, two_;
  std::vector<Pass> raw_one_, raw_two_;
  int rounds_ = 1;
  Repeat last_;
};

// As many quiet repeats as wanted; where there were too few, the quietest of the others too.
std::vector<Contest::Repeat> Measure(Contest& contest, int repeats) {
  std::vector<Contest::Repeat> done;
  int quiet = 0;
  for (int begun = 0; quiet < repeats && begun < kPatience * repeats; ++begun) {
    done.push_back(contest.Run(begun % 2 == 1));
    if (done.back().others <= kQuiet) ++quiet;
  }
  std::ranges::stable_sort(done, {}, [](const auto& repeat) { return std::max(kQuiet, repeat.others); });
  done.resize(static_cast<std::size_t>(repeats));
  return done;
}

void Compare(const std::string& arch, std::uint32_t rows, int repeats) {
  const auto data = std::make_shared<const NoiseImages>(kClients * rows);
  Contest contest(arch, data);
  const std::vector<Contest::Repeat> done = Measure(contest, repeats);
  const auto values = [&](auto value) {
    std::vector<double> all;
    for (const Contest::Repeat& repeat : done) all.push_back(value(repeat));
    return all;
  };
  const double steps = static_cast<double>(data->size()) / kBatch, sample = contest.rounds() * steps;
  std::printf(
      "%s: %u clients x %u rows, %.0f steps a round, %d rounds a sample; %.0f steps/s with 1 worker, "
      "%.0f with 2\n",
      arch.c_str(), kClients, rows, steps, contest.rounds(),
      Spread(values([&](const auto& r) { return sample / r.our1.wall; })).middle,
      Spread(values([&](const auto& r) { return sample / r.our2.wall; })).middle);
  TellRatio("ours/raw, 1 worker", values([](const auto& r) { return r.raw1 / r.our1.wall; }), kBarOfRaw);
  TellRatio("ours/raw, 2 workers", values([](const auto& r) { return r.raw2 / r.our2.wall; }), kBarOfRaw);
  TellSpeedUp(values([](const auto& r) { return r.our1.wall / r.our2.wall; }),
              values([](const auto& r) { return r.raw1 / r.raw2; }));
  // Where the rest of a perfect 2 went: lanes that did not train, and steps that took longer side by side.
  Tell("lanes training, 1 worker", values([](const auto& r) { return r.our1.training / r.our1.wall; }));
  Tell("lanes training, 2 workers",
       values([](const auto& r) { return r.our2.training / (2 * r.our2.wall); }));
  Tell("a step's time, 2 over 1", values([](const auto& r) { return r.our2.training / r.our1.training; }));
  Tell("taken by other programs", values([](const auto& r) { return r.others; }));
  std::fflush(stdout);
}

}  // namespace
}  // namespace cairn::bench

int main(int argc, char** argv) {
  using namespace cairn::bench;
  cairn::EnsureOneBlasThread(argv);
  cairn::KeepFreedMemory();  // as cairn-worker does for a simulation; the plain loop has it too
  const auto argument = [&](int i, int otherwise) {
    return argc > i ? std::max(1, std::atoi(argv[i])) : otherwise;
  };
  const int repeats = argument(1, 7);
  const auto whole_batches = [](int rows) { return static_cast<std::uint32_t>((rows + 9) / 10 * 10); };
  StartMeasuring(repeats);
  Compare("mcmahan-2nn", whole_batches(argument(2, 600)), repeats);
  Compare("mcmahan-cnn", whole_batches(argument(3, 600)), repeats);
  return 0;
}

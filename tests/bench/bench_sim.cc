// Steps a second of the simulator, engines and transport and aggregation and all, against a plain LibTorch
// training loop of as many steps on as many threads; and how one worker more speeds the simulator up.
//
//   cairn_bench_sim [repeats [rows a client of mcmahan-2nn [of mcmahan-cnn]]]
//
// Twenty clients of equal size train one epoch a round, batch 10. A repeat is one round with one worker, one
// with two, and the loop on one and on two threads, one after the other in one process; the ratios are of
// neighbours. Runs itself once more with one BLAS thread where the environment does not say so.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <semaphore>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "cli/worker/one_blas_thread.h"
#include "client/learning/initial_model.h"
#include "client/learning/torch/factory.h"
#include "protocol/messages/manifest.h"
#include "simulation/engine/sim_driver.h"
#include "tests/bench/raw_training.h"

namespace cairn::bench {
namespace {

constexpr std::uint32_t kClients = 20;
constexpr double kBarOfRaw = 0.90, kBarOfSpeedUp = 1.85;

template <class T>
T ValueOrAbort(Result<T> result, const char* doing) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s: %s\n", doing, result.status().ToString().c_str());
    std::abort();
  }
  return std::move(result).value();
}

// A simulation that stands still between rounds, so that its rounds and other work can take turns.
class PacedSim final : private SimObserver {
 public:
  PacedSim(const std::string& arch, const std::shared_ptr<const NoiseImages>& data, std::size_t lanes)
      : learners_(NewTorchTaskFactory()) {
    JobSpec spec;
    spec.name = "bench";
    spec.model = {.arch = arch, .hyper = {}, .init = "seed:1"};
    spec.data.dataset = "noise";
    spec.train.batch = kBatch;
    spec.train.optimizer.lr = kLearningRate;
    spec.strategy.rounds = 1'000'000;
    spec.cohort.min_clients = kClients;
    spec.evaluate.federated = false;
    driver_ = ValueOrAbort(SimDriver::Create({.lanes = lanes}, Parts(spec, data)), "the simulation");
    thread_ = std::jthread([this](std::stop_token stop) { Run(std::move(stop)); });
  }
  ~PacedSim() override {
    thread_.request_stop();
    go_.release();
  }

  double SecondsOfARound() {
    const auto begin = std::chrono::steady_clock::now();
    go_.release();
    done_.acquire();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

 private:
  SimParts Parts(const JobSpec& spec, const std::shared_ptr<const NoiseImages>& data) const {
    SimParts parts;
    parts.initial = MakeModelVersion(ValueOrAbort(InitialModel(*learners_, spec.model, {}, {}), "the model"));
    JobManifest manifest{.id = {1},
                         .spec = spec,
                         .federation = "bench",
                         .submitter = "bench",
                         .tensors = {},
                         .initial_model = parts.initial->ref,
                         .digest = {}};
    manifest.tensors = parts.initial->values.spec().tensors();
    manifest.digest = ComputeDigest(manifest);
    parts.manifest = std::make_shared<const JobManifest>(std::move(manifest));
    for (std::uint32_t i = 0; i < kClients; ++i) {
      std::vector<std::uint32_t> rows;
      for (std::uint32_t row = i; row < data->size(); row += kClients) rows.push_back(row);
      parts.clients.push_back({"site-" + std::to_string(100 + i),
                               std::make_shared<Subset>(data, std::move(rows)),
                               std::make_shared<Subset>(data, std::vector<std::uint32_t>())});
    }
    parts.learners = learners_.get();
    return parts;
  }

  void Run(std::stop_token stop) {
    go_.acquire();
    const auto end = driver_->Run(*this, stop);
    if (stop.stop_requested()) return;
    std::fprintf(stderr, "the simulation ended: %s\n",
                 end.ok() ? end->reason.c_str() : end.status().ToString().c_str());
    std::abort();
  }

  Status OnRound(const RoundSummary& summary, const ModelHandle&, const MetricSums&) override {
    if (summary.reported.size() != kClients) std::abort();
    done_.release();
    go_.acquire();
    return {};
  }
  void OnEvent(const DomainEvent&) override {}

  std::unique_ptr<LearningTaskFactory> learners_;
  std::unique_ptr<SimDriver> driver_;
  std::binary_semaphore go_{0}, done_{0};
  std::jthread thread_;  // the last: it ends before the rest does
};

const char* Verdict(const Spread& spread, double bar) {
  if (spread.noisy()) return "";
  return spread.middle >= bar ? "  meets the bar" : "  MISSES the bar";
}

void TellRatio(const char* what, const std::vector<double>& values, double bar) {
  const Spread spread(values);
  std::printf("  %-28s %s, bar %.2f%s\n", what, spread.ToString().c_str(), bar, Verdict(spread, bar));
}

void Compare(const std::string& arch, std::uint32_t rows, int repeats) {
  const auto data = std::make_shared<const NoiseImages>(kClients * rows);
  PacedSim one(arch, data, 1), two(arch, data, 2);
  const std::uint32_t half = kClients / 2 * rows;
  const std::vector<Pass> raw_one = {RawPass(arch, *data, 0, data->size())};
  const std::vector<Pass> raw_two = {RawPass(arch, *data, 0, half), RawPass(arch, *data, half, data->size())};

  std::vector<double> of_raw_one, of_raw_two, speed_up, raw_speed_up, rate_one, rate_two;
  const double steps = static_cast<double>(data->size()) / kBatch;
  for (int i = -1; i < repeats; ++i) {
    const double raw1 = Seconds(raw_one), our1 = one.SecondsOfARound();
    const double our2 = two.SecondsOfARound(), raw2 = Seconds(raw_two);
    if (i < 0) continue;  // the first warms all four up
    of_raw_one.push_back(raw1 / our1);
    of_raw_two.push_back(raw2 / our2);
    speed_up.push_back(our1 / our2);
    raw_speed_up.push_back(raw1 / raw2);
    rate_one.push_back(steps / our1);
    rate_two.push_back(steps / our2);
  }
  std::printf("%s: %u clients x %u rows, %.0f steps a round; %.0f steps/s with 1 worker, %.0f with 2\n",
              arch.c_str(), kClients, rows, steps, Spread(rate_one).middle, Spread(rate_two).middle);
  TellRatio("ours/raw, 1 worker", of_raw_one, kBarOfRaw);
  TellRatio("ours/raw, 2 workers", of_raw_two, kBarOfRaw);
  const Spread machine(raw_speed_up);
  if (machine.middle >= kBarOfSpeedUp) {
    TellRatio("speed-up, 2 workers over 1", speed_up, kBarOfSpeedUp);
  } else {  // neither meets nor misses: no program could
    std::printf("  %-28s %s, bar %.2f: more than the machine gives\n", "speed-up, 2 workers over 1",
                Spread(speed_up).ToString().c_str(), kBarOfSpeedUp);
  }
  std::printf("  %-28s %s\n", "raw's own speed-up", machine.ToString().c_str());
  std::fflush(stdout);
}

}  // namespace
}  // namespace cairn::bench

int main(int argc, char** argv) {
  using namespace cairn::bench;
  cairn::EnsureOneBlasThread(argv);
  const auto argument = [&](int i, int otherwise) {
    return argc > i ? std::max(1, std::atoi(argv[i])) : otherwise;
  };
  const int repeats = argument(1, 7);
  const auto whole_batches = [](int rows) { return static_cast<std::uint32_t>((rows + 9) / 10 * 10); };
  StartMeasuring(repeats);
  Compare("mcmahan-2nn", whole_batches(argument(2, 300)), repeats);
  Compare("mcmahan-cnn", whole_batches(argument(3, 60)), repeats);
  return 0;
}

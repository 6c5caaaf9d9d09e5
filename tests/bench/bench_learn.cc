// Steps a second of LearningTask::Train against a plain LibTorch training loop: same model, batch,
// rows, learning rate and threads, in one process, interleaved, medians of repeats.
//
//   cairn_bench_learn [repeats]
//
// Both gather their batches from the same rows in the same way. With two threads each trains a
// client of its own on a private model. Runs itself once more with one BLAS thread where the
// environment does not say so.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "cli/worker/one_blas_thread.h"
#include "client/learning/torch/factory.h"
#include "tests/bench/raw_training.h"

namespace cairn::bench {
namespace {

Pass OurPass(const char* arch, TrainEngine engine, const NoiseImages& data) {
  auto made = NewTorchTaskFactory(engine)->Create({.arch = arch, .hyper = {}}, {});
  if (!made.ok()) std::abort();
  std::shared_ptr<LearningTask> task = std::move(made).value();
  const auto random = std::make_shared<SeededRandom>(1);
  if (!task->Initialize(random->Open({.purpose = Purpose::kInit})).ok()) std::abort();
  return [=, &data] {
    TrainConfig config;
    config.batch = kBatch;
    config.optimizer.lr = kLearningRate;
    if (!task->Train(config, data, {.random = random.get(), .round = {1}, .client = {0}, .on_step = {}}, {})
             .ok()) {
      std::abort();
    }
  };
}

struct Workload {
  const char* arch;
  std::uint32_t rows;
};

void Compare(const Workload& workload, const char* engine_name, TrainEngine engine, int threads,
             int repeats) {
  const NoiseImages data(workload.rows);
  std::vector<Pass> raw, ours;
  for (int t = 0; t < threads; ++t) {
    raw.push_back(RawPass(workload.arch, data, 0, workload.rows));
    ours.push_back(OurPass(workload.arch, engine, data));
  }
  Seconds(raw);  // warm
  Seconds(ours);
  const double steps = threads * static_cast<double>(workload.rows) / kBatch;
  std::vector<double> raw_rate, our_rate, ratio;
  for (int i = 0; i < repeats; ++i) {
    raw_rate.push_back(steps / Seconds(raw));
    our_rate.push_back(steps / Seconds(ours));
    ratio.push_back(our_rate.back() / raw_rate.back());
  }
  std::printf("%-12s %-9s threads %d  raw %8.0f steps/s  ours %8.0f steps/s  ours/raw %s\n", workload.arch,
              engine_name, threads, Spread(raw_rate).middle, Spread(our_rate).middle,
              Spread(ratio).ToString().c_str());
  std::fflush(stdout);
}

}  // namespace
}  // namespace cairn::bench

int main(int argc, char** argv) {
  using namespace cairn::bench;
  cairn::EnsureOneBlasThread(argv);
  const int repeats = argc > 1 ? std::max(1, std::atoi(argv[1])) : 7;
  StartMeasuring(repeats);
  for (const Workload& workload : {Workload{"mcmahan-2nn", 6000}, Workload{"mcmahan-cnn", 600}}) {
    for (const int threads : {1, 2}) {
      Compare(workload, "autograd", cairn::TrainEngine::kAutograd, threads, repeats);
      Compare(workload, "auto", cairn::TrainEngine::kAuto, threads, repeats);
    }
  }
  return 0;
}

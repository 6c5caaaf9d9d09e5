// Steps a second of LearningTask::Train against a plain LibTorch training loop: same model, batch,
// rows, learning rate and threads, in one process, interleaved, medians of repeats.
//
//   OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 OPENBLAS_CORETYPE=SKYLAKEX cairn_bench_learn [repeats]
//
// Both gather their batches from the same rows in the same way. With two threads each trains a
// client of its own on a private model.
#include <torch/torch.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "client/learning/torch/factory.h"

namespace {

using cairn::ModelConfig;

constexpr std::uint32_t kBatch = 10;
constexpr double kLearningRate = 0.01;

class NoiseImages final : public cairn::ExampleSource {
 public:
  explicit NoiseImages(std::uint32_t rows) : features_(std::size_t{rows} * 784), labels_(rows) {
    cairn::RandomStream stream = cairn::SeededRandom(1).Open({.purpose = cairn::Purpose::kMadeData});
    for (float& x : features_) x = stream.UniformFloat();
    for (std::int64_t& y : labels_) y = static_cast<std::int64_t>(stream.Below(10));
  }
  std::uint32_t size() const override { return static_cast<std::uint32_t>(labels_.size()); }
  const cairn::ExampleShape& feature_shape() const override { return shape_; }
  std::int64_t num_classes() const override { return 10; }
  void Gather(std::span<const std::uint32_t> rows, std::span<float> features, std::span<std::int64_t> labels) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!features.empty()) std::copy_n(&features_[std::size_t{rows[i]} * 784], 784, &features[i * 784]);
      if (!labels.empty()) labels[i] = labels_[rows[i]];
    }
  }
  void GatherTargets(std::span<const std::uint32_t>, std::span<float>) const override {}

 private:
  cairn::ExampleShape shape_{{1, 28, 28}};
  std::vector<float> features_;
  std::vector<std::int64_t> labels_;
};

torch::nn::Sequential TwoLayers() {
  using namespace torch::nn;
  return Sequential(Flatten(), Linear(784, 200), ReLU(), Linear(200, 200), ReLU(), Linear(200, 10));
}

torch::nn::Sequential TwoConvolutions() {
  using namespace torch::nn;
  return Sequential(Conv2d(Conv2dOptions(1, 32, 5).padding(2)), ReLU(), MaxPool2d(2),
                    Conv2d(Conv2dOptions(32, 64, 5).padding(2)), ReLU(), MaxPool2d(2), Flatten(), Linear(3136, 512),
                    ReLU(), Linear(512, 10));
}

using Pass = std::function<void()>;  // one pass over the rows

Pass RawPass(torch::nn::Sequential net, const NoiseImages& data) {
  auto optimizer = std::make_shared<torch::optim::SGD>(net->parameters(), torch::optim::SGDOptions(kLearningRate));
  const auto x = torch::empty({kBatch, 1, 28, 28});
  const auto y = torch::empty({kBatch}, torch::kLong);
  return [=, &data]() mutable {
    std::vector<std::uint32_t> order(data.size());
    std::iota(order.begin(), order.end(), 0u);
    for (std::size_t begin = 0; begin < order.size(); begin += kBatch) {
      data.Gather(std::span(order).subspan(begin, kBatch), {x.data_ptr<float>(), kBatch * 784},
                  {y.data_ptr<std::int64_t>(), kBatch});
      optimizer->zero_grad();
      auto loss = torch::nn::functional::cross_entropy(net->forward(x), y);
      loss.backward();
      optimizer->step();
    }
  };
}

Pass OurPass(const char* arch, cairn::TrainEngine engine, const NoiseImages& data) {
  auto made = cairn::NewTorchTaskFactory(engine)->Create({.arch = arch, .hyper = {}}, {});
  if (!made.ok()) std::abort();
  std::shared_ptr<cairn::LearningTask> task = std::move(made).value();
  const auto random = std::make_shared<cairn::SeededRandom>(1);
  if (!task->Initialize(random->Open({.purpose = cairn::Purpose::kInit})).ok()) std::abort();
  return [=, &data] {
    cairn::TrainConfig config;
    config.batch = kBatch;
    config.optimizer.lr = kLearningRate;
    if (!task->Train(config, data, {.random = random.get(), .round = {1}, .client = {0}, .on_step = {}}, {}).ok()) std::abort();
  };
}

// Seconds until every thread has done its pass.
double Seconds(const std::vector<Pass>& passes) {
  std::barrier start(static_cast<std::ptrdiff_t>(passes.size()) + 1);
  std::vector<std::jthread> threads;
  for (const Pass& pass : passes) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      pass();
    });
  }
  start.arrive_and_wait();
  const auto begin = std::chrono::steady_clock::now();
  threads.clear();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double Quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

struct Workload {
  const char* arch;
  torch::nn::Sequential (*raw)();
  std::uint32_t rows;
};

void Compare(const Workload& workload, const char* engine_name, cairn::TrainEngine engine, int threads, int repeats) {
  const NoiseImages data(workload.rows);
  std::vector<Pass> raw, ours;
  for (int t = 0; t < threads; ++t) {
    raw.push_back(RawPass(workload.raw(), data));
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
  const double low = Quantile(ratio, 0.25), middle = Quantile(ratio, 0.5), high = Quantile(ratio, 0.75);
  const bool noisy = high - low > 0.15 * middle;  // neither passes nor fails
  std::printf("%-12s %-9s threads %d  raw %8.0f steps/s  ours %8.0f steps/s  ours/raw %.2f  (25-75%%: %.2f-%.2f)%s\n",
              workload.arch, engine_name, threads, Quantile(raw_rate, 0.5), Quantile(our_rate, 0.5), middle, low, high,
              noisy ? "  noisy" : "");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  at::set_num_threads(1);
  const int repeats = argc > 1 ? std::max(1, std::atoi(argv[1])) : 7;
  const char* core = std::getenv("OPENBLAS_CORETYPE");
  std::printf("LibTorch %s, OPENBLAS_CORETYPE %s, batch %u, %d repeats\n", TORCH_VERSION, core ? core : "(unset)", kBatch, repeats);
  const Workload workloads[] = {{"mcmahan-2nn", TwoLayers, 6000}, {"mcmahan-cnn", TwoConvolutions, 600}};
  for (const Workload& workload : workloads) {
    for (const int threads : {1, 2}) {
      Compare(workload, "autograd", cairn::TrainEngine::kAutograd, threads, repeats);
      Compare(workload, "auto", cairn::TrainEngine::kAuto, threads, repeats);
    }
  }
  return 0;
}

#include "tests/bench/raw_training.h"

#include <torch/torch.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <thread>

#include "core/base/random.h"

namespace cairn::bench {
namespace {

torch::nn::Sequential NewNet(const std::string& arch) {
  using namespace torch::nn;
  if (arch == "mcmahan-2nn") {
    return Sequential(Flatten(), Linear(784, 200), ReLU(), Linear(200, 200), ReLU(), Linear(200, 10));
  }
  if (arch != "mcmahan-cnn") std::abort();
  return Sequential(Conv2d(Conv2dOptions(1, 32, 5).padding(2)), ReLU(), MaxPool2d(2),
                    Conv2d(Conv2dOptions(32, 64, 5).padding(2)), ReLU(), MaxPool2d(2), Flatten(),
                    Linear(3136, 512), ReLU(), Linear(512, 10));
}

}  // namespace

NoiseImages::NoiseImages(std::uint32_t rows) : features_(rows * kPixels), labels_(rows) {
  RandomStream stream = SeededRandom(1).Open({.purpose = Purpose::kMadeData});
  for (float& x : features_) x = stream.UniformFloat();
  for (std::int64_t& y : labels_) y = static_cast<std::int64_t>(stream.Below(10));
}

void NoiseImages::Gather(std::span<const std::uint32_t> rows, std::span<float> features,
                         std::span<std::int64_t> labels) const {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!features.empty()) std::copy_n(&features_[rows[i] * kPixels], kPixels, &features[i * kPixels]);
    if (!labels.empty()) labels[i] = labels_[rows[i]];
  }
}

Pass RawPass(const std::string& arch, const NoiseImages& data, std::uint32_t begin, std::uint32_t end) {
  torch::nn::Sequential net = NewNet(arch);  // captured as it is: forward is not const
  const auto optimizer =
      std::make_shared<torch::optim::SGD>(net->parameters(), torch::optim::SGDOptions(kLearningRate));
  const auto x = torch::empty({kBatch, 1, 28, 28});
  const auto y = torch::empty({kBatch}, torch::kLong);
  std::vector<std::uint32_t> order(end - begin);
  std::iota(order.begin(), order.end(), begin);
  return [=, &data]() mutable {
    for (std::size_t at = 0; at + kBatch <= order.size(); at += kBatch) {
      data.Gather(std::span(order).subspan(at, kBatch), {x.data_ptr<float>(), kBatch * kPixels},
                  {y.data_ptr<std::int64_t>(), kBatch});
      optimizer->zero_grad();
      auto loss = torch::nn::functional::cross_entropy(net->forward(x), y);
      loss.backward();
      optimizer->step();
    }
  };
}

double Seconds(const std::vector<Pass>& passes, int times) {
  std::barrier start(static_cast<std::ptrdiff_t>(passes.size()) + 1);
  std::vector<std::jthread> threads;
  for (const Pass& pass : passes) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int i = 0; i < times; ++i) pass();
    });
  }
  start.arrive_and_wait();
  const auto begin = std::chrono::steady_clock::now();
  threads.clear();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void StartMeasuring(int repeats) {
  at::set_num_threads(1);
  const char* core = std::getenv("OPENBLAS_CORETYPE");
  std::printf("LibTorch %s, OPENBLAS_CORETYPE %s, %u cores, batch %u, %d repeats\n", TORCH_VERSION,
              core != nullptr ? core : "(unset)", std::thread::hardware_concurrency(), kBatch, repeats);
}

Spread::Spread(std::vector<double> values) {
  std::ranges::sort(values);
  const auto quantile = [&values](double q) {
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
  };
  low = quantile(0.25);
  middle = quantile(0.5);
  high = quantile(0.75);
  least = values.front();
  most = values.back();
}

std::string Spread::ToString() const {
  char text[96];
  std::snprintf(text, sizeof text, "%.2f (25-75%%: %.2f-%.2f, range %.2f-%.2f)%s", middle, low, high, least,
                most, noisy() ? " noisy" : "");
  return text;
}

}  // namespace cairn::bench

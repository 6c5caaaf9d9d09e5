#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "client/data/example_source.h"

// What local training and the simulator are measured against: the training loop one writes first with
// LibTorch, and how its time is taken.

namespace cairn::bench {

inline constexpr std::uint32_t kBatch = 10;
inline constexpr double kLearningRate = 0.01;
inline constexpr std::size_t kPixels = 784;

// Images of MNIST's shape with random pixels and classes: what is in them does not change the work.
class NoiseImages final : public ExampleSource {
 public:
  explicit NoiseImages(std::uint32_t rows);
  std::uint32_t size() const override { return static_cast<std::uint32_t>(labels_.size()); }
  const ExampleShape& feature_shape() const override { return shape_; }
  std::int64_t num_classes() const override { return 10; }
  void Gather(std::span<const std::uint32_t> rows, std::span<float> features,
              std::span<std::int64_t> labels) const override;
  void GatherTargets(std::span<const std::uint32_t>, std::span<float>) const override {}

 private:
  ExampleShape shape_{{1, 28, 28}};
  std::vector<float> features_;
  std::vector<std::int64_t> labels_;
};

using Pass = std::function<void()>;  // one pass over some rows

// Plain SGD with autograd over rows begin … end − 1, in order, on a module of its own: mcmahan-2nn or
// mcmahan-cnn. `data` must outlive it.
Pass RawPass(const std::string& arch, const NoiseImages& data, std::uint32_t begin, std::uint32_t end);

// Seconds until every pass is done `times` times, each on a thread of its own.
double Seconds(const std::vector<Pass>& passes, int times = 1);

// What a program does before it measures: one thread for LibTorch, and a line on the machine. Needs one BLAS
// thread from the environment (cli/worker/one_blas_thread.h).
void StartMeasuring(int repeats);

// Values of repeats of one measurement.
struct Spread {
  explicit Spread(std::vector<double> values);
  double low, middle, high;  // quartiles
  double least, most;
  // The middle half is wider than 15 % of the median: the machine was busy, and nothing is proved.
  bool noisy() const { return high - low > 0.15 * middle; }
  std::string ToString() const;  // "0.97 (25-75%: 0.96-0.98, range 0.91-0.99)", and " noisy"
};

}  // namespace cairn::bench

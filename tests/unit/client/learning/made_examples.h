#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "client/data/example_source.h"
#include "core/base/random.h"

namespace cairn {

// Rows made up for tests that every model can learn something from: Gaussian features, the class
// given by which of a few columns is largest; in an image by which stripe of rows is brighter.
class MadeExamples final : public ExampleSource {
 public:
  MadeExamples(std::vector<std::int64_t> dims, std::int64_t classes, std::uint32_t rows, std::uint64_t seed)
      : shape_{std::move(dims)}, classes_(classes), labels_(rows) {
    RandomStream stream = SeededRandom(seed).Open({.purpose = Purpose::kMadeData});
    const auto width = static_cast<std::size_t>(shape_.size());
    features_.resize(rows * width);
    for (float& x : features_) x = static_cast<float>(stream.Normal());
    for (std::size_t r = 0; r < rows; ++r) {
      const auto row = features_.begin() + static_cast<std::ptrdiff_t>(r * width);
      const auto columns = std::min<std::ptrdiff_t>(classes, static_cast<std::ptrdiff_t>(width));
      labels_[r] = std::max_element(row, row + columns) - row;
      if (width == 1) labels_[r] = *row > 0;
      if (shape_.dims.size() == 3) Brighten(r);
    }
  }

  std::uint32_t size() const override { return static_cast<std::uint32_t>(labels_.size()); }
  const ExampleShape& feature_shape() const override { return shape_; }
  std::int64_t num_classes() const override { return classes_; }

  void Gather(std::span<const std::uint32_t> rows, std::span<float> features_out,
              std::span<std::int64_t> labels_out) const override {
    const auto width = static_cast<std::size_t>(shape_.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!features_out.empty()) std::copy_n(&features_[rows[i] * width], width, &features_out[i * width]);
      if (!labels_out.empty()) labels_out[i] = labels_[rows[i]];
    }
  }
  void GatherTargets(std::span<const std::uint32_t> rows, std::span<float> targets_out) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) targets_out[i] = static_cast<float>(labels_[rows[i]]);
  }

  float& feature(std::size_t row, std::size_t column) {
    return features_[row * static_cast<std::size_t>(shape_.size()) + column];
  }

 private:
  void Brighten(std::size_t row) {
    const std::int64_t height = shape_.dims[1], columns = shape_.dims[2], stripe = height / classes_;
    const std::int64_t begin = labels_[row] * stripe * columns;
    for (std::int64_t i = begin; i < begin + stripe * columns; ++i)
      feature(row, static_cast<std::size_t>(i)) += 1.0f;
  }

  ExampleShape shape_;
  std::int64_t classes_;
  std::vector<float> features_;
  std::vector<std::int64_t> labels_;
};

}  // namespace cairn

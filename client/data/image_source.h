#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "client/data/example_source.h"
#include "core/base/status.h"

namespace cairn {

// How a byte or number of an image becomes a feature: (value · scale - mean[c]) / std[c], channel by
// channel. Empty mean and std leave it at value · scale; one entry serves every channel.
struct Normalisation {
  std::vector<float> mean, std;
  float mean_of(std::size_t channel) const {
    return mean.empty() ? 0.0f : mean[mean.size() == 1 ? 0 : channel];
  }
  float std_of(std::size_t channel) const { return std.empty() ? 1.0f : std[std.size() == 1 ? 0 : channel]; }
};

// Images kept as the bytes they came in, a quarter of float32, and converted while they are gathered
// through one table of 256 floats a channel. Thread-safe once made.
class ImageSource final : public ExampleSource {
 public:
  // `pixels` holds rows · shape.size() bytes, channel-major; shape is {channels, …}, or a single
  // dimension, which is one channel. The scale is 1/255, so that features lie in [0, 1] before
  // normalisation. Labels are below num_classes; normalisation has passed CheckNormalisation.
  static std::unique_ptr<ImageSource> Make(ExampleShape shape, std::vector<std::uint8_t> pixels,
                                           std::vector<std::int64_t> labels, std::int64_t num_classes,
                                           const Normalisation& normalisation);

  std::uint32_t size() const override { return static_cast<std::uint32_t>(labels_.size()); }
  const ExampleShape& feature_shape() const override { return shape_; }
  std::int64_t num_classes() const override { return num_classes_; }
  void Gather(std::span<const std::uint32_t> rows, std::span<float> features_out,
              std::span<std::int64_t> labels_out) const override;
  void GatherTargets(std::span<const std::uint32_t> rows, std::span<float> targets_out) const override;

  std::span<const std::uint8_t> pixels() const { return pixels_; }
  std::span<const std::int64_t> labels() const { return labels_; }

 private:
  using Table = std::array<float, 256>;
  ImageSource(ExampleShape shape, std::vector<std::uint8_t> pixels, std::vector<std::int64_t> labels,
              std::int64_t num_classes, std::vector<Table> tables);

  ExampleShape shape_;
  std::size_t width_, plane_;  // pixels an image, pixels a channel
  std::vector<std::uint8_t> pixels_;
  std::vector<std::int64_t> labels_;
  std::int64_t num_classes_;
  std::vector<Table> tables_;  // one a channel
};

// Whether mean and std suit that many channels: both empty, one entry or one a channel; means
// within 1e9 of 0, stds from 1e-9 to 1e9. kDatasetConfig.
Status CheckNormalisation(const Normalisation& normalisation, std::int64_t channels);

}  // namespace cairn

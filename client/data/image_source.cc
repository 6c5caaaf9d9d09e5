#include "client/data/image_source.h"

#include <cmath>
#include <string>
#include <utility>

#include "core/base/check.h"

namespace cairn {
Status CheckNormalisation(const Normalisation& normalisation, std::int64_t channels) {
  const auto fits = [&](const std::vector<float>& entries) {
    return entries.empty() || entries.size() == 1 || entries.size() == static_cast<std::size_t>(channels);
  };
  if (!fits(normalisation.mean) || !fits(normalisation.std)) {
    return Status(errors::kDatasetConfig, "normalisation has " + std::to_string(normalisation.mean.size()) +
                                              " means and " + std::to_string(normalisation.std.size()) +
                                              " stds, the images have " + std::to_string(channels) +
                                              " channels");
  }
  constexpr float kMost = 1e9f;  // so that no normalised value leaves the range of float32
  for (const float mean : normalisation.mean) {
    if (!(std::fabs(mean) <= kMost))
      return Status(errors::kDatasetConfig, "a normalisation mean is not within 1e9 of 0");
  }
  for (const float std : normalisation.std) {
    if (!(std >= 1 / kMost && std <= kMost)) {
      return Status(errors::kDatasetConfig, "a normalisation std is not between 1e-9 and 1e9");
    }
  }
  return Status::Ok();
}

std::unique_ptr<ImageSource> ImageSource::Make(ExampleShape shape, std::vector<std::uint8_t> pixels,
                                               std::vector<std::int64_t> labels, std::int64_t num_classes,
                                               const Normalisation& normalisation) {
  const auto channels = shape.dims.size() == 1 ? 1 : static_cast<std::size_t>(shape.dims.front());
  std::vector<Table> tables(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = normalisation.mean_of(c), std = normalisation.std_of(c);
    for (int value = 0; value < 256; ++value) {
      tables[c][static_cast<std::size_t>(value)] = static_cast<float>((value / 255.0 - mean) / std);
    }
  }
  return std::unique_ptr<ImageSource>(new ImageSource(std::move(shape), std::move(pixels), std::move(labels),
                                                      num_classes, std::move(tables)));
}

ImageSource::ImageSource(ExampleShape shape, std::vector<std::uint8_t> pixels,
                         std::vector<std::int64_t> labels, std::int64_t num_classes,
                         std::vector<Table> tables)
    : shape_(std::move(shape)),
      width_(static_cast<std::size_t>(shape_.size())),
      plane_(width_ / tables.size()),
      pixels_(std::move(pixels)),
      labels_(std::move(labels)),
      num_classes_(num_classes),
      tables_(std::move(tables)) {
  CAIRN_CHECK(num_classes_ > 0 && pixels_.size() == labels_.size() * width_,
              "pixels and labels have the same rows");
}

void ImageSource::Gather(std::span<const std::uint32_t> rows, std::span<float> features_out,
                         std::span<std::int64_t> labels_out) const {
  if (!features_out.empty()) {
    CAIRN_CHECK(features_out.size() == rows.size() * width_, "the feature buffer has the size of the batch");
    float* out = features_out.data();
    for (const std::uint32_t row : rows) {
      CAIRN_CHECK(row < labels_.size(), "row beyond the images");
      const std::uint8_t* in = pixels_.data() + row * width_;
      for (const Table& table : tables_) {
        for (std::size_t i = 0; i < plane_; ++i) *out++ = table[*in++];
      }
    }
  }
  if (!labels_out.empty()) {
    CAIRN_CHECK(labels_out.size() == rows.size(), "one class a row");
    for (std::size_t i = 0; i < rows.size(); ++i) labels_out[i] = labels_[rows[i]];
  }
}

void ImageSource::GatherTargets(std::span<const std::uint32_t> rows, std::span<float> targets_out) const {
  CAIRN_CHECK(targets_out.size() == rows.size(), "one target a row");
  for (std::size_t i = 0; i < rows.size(); ++i) targets_out[i] = static_cast<float>(labels_[rows[i]]);
}

}  // namespace cairn

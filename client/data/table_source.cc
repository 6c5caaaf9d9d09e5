#include "client/data/table_source.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/check.h"

namespace cairn {

TableSource::TableSource(ExampleShape shape, std::vector<float> features, std::vector<std::int64_t> labels,
                         std::vector<float> targets, std::int64_t num_classes)
    : shape_(std::move(shape)),
      width_(static_cast<std::size_t>(shape_.size())),
      rows_(static_cast<std::uint32_t>(std::max(labels.size(), targets.size()))),
      features_(std::move(features)),
      labels_(std::move(labels)),
      targets_(std::move(targets)),
      num_classes_(num_classes) {
  CAIRN_CHECK(features_.size() == std::size_t{rows_} * width_, "features and targets have the same rows");
}

std::unique_ptr<TableSource> TableSource::WithLabels(ExampleShape shape, std::vector<float> features,
                                                     std::vector<std::int64_t> labels,
                                                     std::int64_t num_classes) {
  CAIRN_CHECK(num_classes > 0, "labels need classes");
  return std::unique_ptr<TableSource>(
      new TableSource(std::move(shape), std::move(features), std::move(labels), {}, num_classes));
}

std::unique_ptr<TableSource> TableSource::WithTargets(ExampleShape shape, std::vector<float> features,
                                                      std::vector<float> targets) {
  return std::unique_ptr<TableSource>(
      new TableSource(std::move(shape), std::move(features), {}, std::move(targets), 0));
}

void TableSource::Gather(std::span<const std::uint32_t> rows, std::span<float> features_out,
                         std::span<std::int64_t> labels_out) const {
  if (!features_out.empty()) {
    CAIRN_CHECK(features_out.size() == rows.size() * width_, "the feature buffer has the size of the batch");
    float* out = features_out.data();
    for (const std::uint32_t row : rows) {
      CAIRN_CHECK(row < rows_, "row beyond the table");
      out = std::copy_n(features_.data() + row * width_, width_, out);
    }
  }
  if (!labels_out.empty()) {
    CAIRN_CHECK(labels_out.size() == rows.size() && num_classes_ > 0, "one class a row");
    for (std::size_t i = 0; i < rows.size(); ++i) labels_out[i] = labels_[rows[i]];
  }
}

void TableSource::GatherTargets(std::span<const std::uint32_t> rows, std::span<float> targets_out) const {
  CAIRN_CHECK(targets_out.size() == rows.size(), "one target a row");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAIRN_CHECK(rows[i] < rows_, "row beyond the table");
    targets_out[i] = num_classes_ > 0 ? static_cast<float>(labels_[rows[i]]) : targets_[rows[i]];
  }
}

FeatureScale MeasureScale(const ExampleSource& source, std::span<const std::uint32_t> rows) {
  const auto width = static_cast<std::size_t>(source.feature_shape().size());
  FeatureScale scale{std::vector<double>(width, 0.0), std::vector<double>(width, 0.0)};
  std::vector<float> row(width);
  // Two passes: the squares of the deviations lose no digits to a large mean.
  for (const std::uint32_t index : rows) {
    source.Gather({&index, 1}, row, {});
    for (std::size_t i = 0; i < width; ++i) scale.mean[i] += row[i];
  }
  for (double& mean : scale.mean) mean /= static_cast<double>(std::max<std::size_t>(rows.size(), 1));
  if (rows.size() < 2) return scale;
  for (const std::uint32_t index : rows) {
    source.Gather({&index, 1}, row, {});
    for (std::size_t i = 0; i < width; ++i)
      scale.std[i] += (row[i] - scale.mean[i]) * (row[i] - scale.mean[i]);
  }
  for (double& std : scale.std) std = std::sqrt(std / static_cast<double>(rows.size() - 1));
  return scale;
}

ScaledSource::ScaledSource(std::shared_ptr<const ExampleSource> source, FeatureScale scale)
    : source_(std::move(source)), mean_(std::move(scale.mean)) {
  CAIRN_CHECK(mean_.size() == static_cast<std::size_t>(source_->feature_shape().size()) &&
                  scale.std.size() == mean_.size(),
              "a scale has one mean and std a feature");
  constexpr double kFloor = 1e-9;  // a constant feature becomes 0 rather than a division by zero
  for (const double std : scale.std) factor_.push_back(1.0 / (std + kFloor));
}

void ScaledSource::Gather(std::span<const std::uint32_t> rows, std::span<float> features_out,
                          std::span<std::int64_t> labels_out) const {
  source_->Gather(rows, features_out, labels_out);
  const std::size_t width = mean_.size();
  for (std::size_t begin = 0; begin < features_out.size(); begin += width) {
    float* row = features_out.data() + begin;
    for (std::size_t i = 0; i < width; ++i) row[i] = static_cast<float>((row[i] - mean_[i]) * factor_[i]);
  }
}

}  // namespace cairn

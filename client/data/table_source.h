#pragma once

#include <memory>
#include <vector>

#include "client/data/example_source.h"

namespace cairn {

// Examples held as float32, row-major: tables, and images that are not bytes. Exactly one of labels
// and targets has a value a row; num_classes is 0 with targets. Thread-safe once made.
class TableSource final : public ExampleSource {
 public:
  static std::unique_ptr<TableSource> WithLabels(ExampleShape shape, std::vector<float> features,
                                                 std::vector<std::int64_t> labels, std::int64_t num_classes);
  static std::unique_ptr<TableSource> WithTargets(ExampleShape shape, std::vector<float> features,
                                                  std::vector<float> targets);

  std::uint32_t size() const override { return rows_; }
  const ExampleShape& feature_shape() const override { return shape_; }
  std::int64_t num_classes() const override { return num_classes_; }
  void Gather(std::span<const std::uint32_t> rows, std::span<float> features_out,
              std::span<std::int64_t> labels_out) const override;
  void GatherTargets(std::span<const std::uint32_t> rows, std::span<float> targets_out) const override;

  std::span<const float> features() const { return features_; }

 private:
  TableSource(ExampleShape shape, std::vector<float> features, std::vector<std::int64_t> labels,
              std::vector<float> targets, std::int64_t num_classes);

  ExampleShape shape_;
  std::size_t width_;
  std::uint32_t rows_;
  std::vector<float> features_;
  std::vector<std::int64_t> labels_;
  std::vector<float> targets_;
  std::int64_t num_classes_;
};

// (x - mean) · 1 / (std + 1e-9) for every feature; double, so that many rows do not lose digits.
struct FeatureScale {
  std::vector<double> mean, std;
};

// Mean and unbiased standard deviation over these rows (std 0 for fewer than two), feature by feature.
// A site scales with what its *training* rows say, so that held-out rows do not leak into it.
FeatureScale MeasureScale(const ExampleSource& source, std::span<const std::uint32_t> rows);

// The source seen through a scale: the same rows, standardised as they are gathered. Thread-safe.
class ScaledSource final : public ExampleSource {
 public:
  ScaledSource(std::shared_ptr<const ExampleSource> source, FeatureScale scale);

  std::uint32_t size() const override { return source_->size(); }
  const ExampleShape& feature_shape() const override { return source_->feature_shape(); }
  std::int64_t num_classes() const override { return source_->num_classes(); }
  void Gather(std::span<const std::uint32_t> rows, std::span<float> features_out,
              std::span<std::int64_t> labels_out) const override;
  void GatherTargets(std::span<const std::uint32_t> rows, std::span<float> targets_out) const override {
    source_->GatherTargets(rows, targets_out);
  }
  bool has_units() const override { return source_->has_units(); }
  std::uint32_t unit(std::uint32_t row) const override { return source_->unit(row); }

 private:
  std::shared_ptr<const ExampleSource> source_;
  std::vector<double> mean_, factor_;
};

}  // namespace cairn

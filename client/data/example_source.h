#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/random.h"

namespace cairn {

// The shape of one example's features, without the batch axis: {13} for a table, {1, 28, 28} for an
// image (channels, rows, columns).
struct ExampleShape {
  std::vector<std::int64_t> dims;
  std::int64_t size() const;  // product of dims; 1 for no dims
  friend bool operator==(const ExampleShape&, const ExampleShape&) = default;
};

// Rows a task learns from or is measured on: features are float32, already cleaned, encoded and
// normalised; a target is a class 0 … num_classes()-1, or a real number where num_classes() is 0.
// Everything is decoded once, when the source is made; after that it is immutable.
//
//   std::vector<float> x(rows.size() * source.feature_shape().size());
//   std::vector<std::int64_t> y(rows.size());
//   source.Gather(rows, x, y);
//
// Thread-safe: every call is const and touches no shared state but the decoded rows.
class ExampleSource {
 public:
  virtual ~ExampleSource() = default;

  virtual std::uint32_t size() const = 0;  // rows; below 2^32
  virtual const ExampleShape& feature_shape() const = 0;
  virtual std::int64_t num_classes() const = 0;  // at least 1; 0 for real targets (regression)

  // Copies the rows named, in that order, row-major: features_out holds rows.size() ·
  // feature_shape().size() floats, labels_out rows.size() classes. Either span may be empty, which
  // skips that half; labels_out must be empty where num_classes() is 0. Every row is below size().
  virtual void Gather(std::span<const std::uint32_t> rows, std::span<float> features_out,
                      std::span<std::int64_t> labels_out) const = 0;

  // The targets as float32: the real number, or the class (0.0 and 1.0 are what bce takes).
  virtual void GatherTargets(std::span<const std::uint32_t> rows, std::span<float> targets_out) const = 0;

  // Whose a row is: rows of one unit, such as a patient, are protected together (docs/privacy.md). Where the
  // data name nobody every row is a unit of its own.
  virtual bool has_units() const { return false; }
  virtual std::uint32_t unit(std::uint32_t row) const { return row; }
};

// A client's part of a shared source: a list of its rows, in the order given. Row i of the subset is
// row rows[i] of the source. A subset of a subset works. The source is shared because the clients of
// a simulation outlive any one of them.
class Subset final : public ExampleSource {
 public:
  Subset(std::shared_ptr<const ExampleSource> source, std::vector<std::uint32_t> rows);

  std::uint32_t size() const override { return static_cast<std::uint32_t>(rows_.size()); }
  const ExampleShape& feature_shape() const override { return source_->feature_shape(); }
  std::int64_t num_classes() const override { return source_->num_classes(); }
  void Gather(std::span<const std::uint32_t> rows, std::span<float> features_out,
              std::span<std::int64_t> labels_out) const override;
  void GatherTargets(std::span<const std::uint32_t> rows, std::span<float> targets_out) const override;
  bool has_units() const override { return source_->has_units(); }
  std::uint32_t unit(std::uint32_t row) const override { return source_->unit(rows_[row]); }

  std::span<const std::uint32_t> rows() const { return rows_; }

 private:
  std::shared_ptr<const ExampleSource> source_;
  std::vector<std::uint32_t> rows_;
};

// The same rows with a unit named for each.
class UnitSource final : public ExampleSource {
 public:
  UnitSource(std::shared_ptr<const ExampleSource> source, std::vector<std::uint32_t> units);

  std::uint32_t size() const override { return source_->size(); }
  const ExampleShape& feature_shape() const override { return source_->feature_shape(); }
  std::int64_t num_classes() const override { return source_->num_classes(); }
  void Gather(std::span<const std::uint32_t> rows, std::span<float> features_out,
              std::span<std::int64_t> labels_out) const override {
    source_->Gather(rows, features_out, labels_out);
  }
  void GatherTargets(std::span<const std::uint32_t> rows, std::span<float> targets_out) const override {
    source_->GatherTargets(rows, targets_out);
  }
  bool has_units() const override { return true; }
  std::uint32_t unit(std::uint32_t row) const override { return units_[row]; }

 private:
  std::shared_ptr<const ExampleSource> source_;
  std::vector<std::uint32_t> units_;
};

// Which rows train and which are held out; both ascending.
struct HoldoutSplit {
  std::vector<std::uint32_t> train, holdout;
};

// The first floor(fraction · rows) of a permutation drawn from the stream are held out, so equal
// rows, fraction and stream give equal splits. fraction in [0, 1]. Open the stream for
// Purpose::kHoldout and the client.
HoldoutSplit TrainHoldoutSplit(std::uint32_t rows, double fraction, RandomStream stream);
// The same over a list of rows, such as a client's part of a shared source.
HoldoutSplit TrainHoldoutSplit(std::span<const std::uint32_t> rows, double fraction, RandomStream stream);

// The same over rows of a source, where a unit's rows stay together: in a source with units each unit that
// has one of these rows is held out by a coin of its own, drawn in the order of units, so that about the
// fraction is and nobody's rows decide on another's.
HoldoutSplit TrainHoldoutSplit(const ExampleSource& source, std::span<const std::uint32_t> rows,
                               double fraction, RandomStream stream);

// Every class in row order; for partitions and histograms. Needs num_classes() > 0.
std::vector<std::int64_t> AllLabels(const ExampleSource& source);
// Rows per class; num_classes() entries.
std::vector<std::uint64_t> LabelHistogram(const ExampleSource& source);

}  // namespace cairn

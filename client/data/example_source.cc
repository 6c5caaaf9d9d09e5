#include "client/data/example_source.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "core/base/check.h"

namespace cairn {
namespace {

// Rows translated at a time, on the stack, so that a subset's gather allocates nothing.
constexpr std::size_t kTranslated = 256;

// Calls visit(source rows, offset, count) for pieces of `rows` translated through `map`.
template <class Visit>
void Translate(std::span<const std::uint32_t> rows, std::span<const std::uint32_t> map, Visit visit) {
  std::array<std::uint32_t, kTranslated> piece;
  for (std::size_t begin = 0; begin < rows.size(); begin += kTranslated) {
    const std::size_t count = std::min(kTranslated, rows.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      CAIRN_CHECK(rows[begin + i] < map.size(), "row beyond the subset");
      piece[i] = map[rows[begin + i]];
    }
    visit(std::span<const std::uint32_t>(piece.data(), count), begin, count);
  }
}

std::vector<std::uint32_t> AllRows(std::uint32_t count) {
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

}  // namespace

std::int64_t ExampleShape::size() const {
  return std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>());
}

Subset::Subset(std::shared_ptr<const ExampleSource> source, std::vector<std::uint32_t> rows)
    : source_(std::move(source)), rows_(std::move(rows)) {
  const std::uint32_t limit = source_->size();
  CAIRN_CHECK(std::all_of(rows_.begin(), rows_.end(), [&](std::uint32_t row) { return row < limit; }),
              "a subset names a row its source does not have");
}

void Subset::Gather(std::span<const std::uint32_t> rows, std::span<float> features_out,
                    std::span<std::int64_t> labels_out) const {
  const auto width = static_cast<std::size_t>(feature_shape().size());
  Translate(rows, rows_, [&](std::span<const std::uint32_t> piece, std::size_t begin, std::size_t count) {
    source_->Gather(piece,
                    features_out.empty() ? features_out : features_out.subspan(begin * width, count * width),
                    labels_out.empty() ? labels_out : labels_out.subspan(begin, count));
  });
}

void Subset::GatherTargets(std::span<const std::uint32_t> rows, std::span<float> targets_out) const {
  Translate(rows, rows_, [&](std::span<const std::uint32_t> piece, std::size_t begin, std::size_t count) {
    source_->GatherTargets(piece, targets_out.subspan(begin, count));
  });
}

UnitSource::UnitSource(std::shared_ptr<const ExampleSource> source, std::vector<std::uint32_t> units)
    : source_(std::move(source)), units_(std::move(units)) {
  CAIRN_CHECK(units_.size() == source_->size(), "every row has a unit");
}

HoldoutSplit TrainHoldoutSplit(std::span<const std::uint32_t> rows, double fraction, RandomStream stream) {
  CAIRN_CHECK(fraction >= 0.0 && fraction <= 1.0, "the held-out fraction lies in [0, 1]");
  const auto count = static_cast<std::uint32_t>(rows.size());
  const auto held = static_cast<std::size_t>(std::floor(fraction * count));
  const std::vector<std::uint32_t> order = stream.Permutation(count);
  HoldoutSplit split;
  for (std::size_t i = 0; i < order.size(); ++i) {
    (i < held ? split.holdout : split.train).push_back(rows[order[i]]);
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.holdout.begin(), split.holdout.end());
  return split;
}

HoldoutSplit TrainHoldoutSplit(std::uint32_t rows, double fraction, RandomStream stream) {
  return TrainHoldoutSplit(AllRows(rows), fraction, std::move(stream));
}

HoldoutSplit TrainHoldoutSplit(const ExampleSource& source, std::span<const std::uint32_t> rows,
                               double fraction, RandomStream stream) {
  if (!source.has_units()) return TrainHoldoutSplit(rows, fraction, std::move(stream));
  std::map<std::uint32_t, bool> is_held;
  for (const std::uint32_t row : rows) is_held[source.unit(row)] = false;
  for (auto& [unit, held] : is_held) held = stream.Uniform() < fraction;
  HoldoutSplit split;
  for (const std::uint32_t row : rows)
    (is_held[source.unit(row)] ? split.holdout : split.train).push_back(row);
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.holdout.begin(), split.holdout.end());
  return split;
}

std::vector<std::int64_t> AllLabels(const ExampleSource& source) {
  CAIRN_CHECK(source.num_classes() > 0, "real targets have no classes");
  std::vector<std::int64_t> labels(source.size());
  source.Gather(AllRows(source.size()), {}, labels);
  return labels;
}

std::vector<std::uint64_t> LabelHistogram(const ExampleSource& source) {
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(source.num_classes()), 0);
  for (const std::int64_t label : AllLabels(source)) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

}  // namespace cairn

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "client/learning/batch_engine.h"

namespace cairn {

// Writes the clipped sum into engine.gradients().
inline Result<ClippedSum> ComputeClippedSum(BatchEngine& engine, const UnitBatch& batch, double clip) {
  struct Copy final : GradientSink {
    void Take(std::size_t offset, std::span<float> gradients) override {
      whole.resize(std::max(whole.size(), offset + gradients.size()));
      std::ranges::copy(gradients, whole.begin() + static_cast<std::ptrdiff_t>(offset));
    }
    std::vector<float> whole;
  } copy;
  Result<ClippedSum> sum = engine.ClipUnits(batch, clip);
  if (!sum.ok()) return sum;
  CAIRN_RETURN_IF_ERROR(engine.StreamClippedSum(copy));
  std::ranges::copy(copy.whole, engine.gradients().begin());
  return sum;
}

// What ComputeClippedSum must give, one unit at a time: the ordinary gradient of a unit's rows by themselves,
// its norm, its factor, all in double.
inline std::vector<double> ClippedOneByOne(BatchEngine& engine, std::span<const float> features,
                                           std::span<const std::int64_t> labels,
                                           std::span<const std::uint32_t> ends, double clip, Loss loss) {
  const auto width = static_cast<std::size_t>(engine.inputs());
  std::vector<double> sum(engine.gradients().size(), 0.0);
  std::size_t begin = 0;
  for (std::size_t u = 0; u < ends.size(); ++u) {
    const std::size_t rows = ends[u] - begin;
    std::ranges::copy(features.subspan(begin * width, rows * width), engine.features().begin());
    RandomStream dropout({static_cast<std::uint32_t>(u), 77}, {.purpose = Purpose::kDropout});
    if (!engine
             .ComputeGradients(
                 {.rows = rows, .labels = labels.subspan(begin, rows), .loss = loss, .dropout = &dropout})
             .ok()) {
      return {};
    }
    double norm = 0;
    for (const float g : engine.gradients()) norm += double{g} * g;
    norm = std::sqrt(norm) * static_cast<double>(rows);
    const double factor = std::min(1.0, clip / norm) * static_cast<double>(rows);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += factor * double{engine.gradients()[i]};
    begin = ends[u];
  }
  return sum;
}

// The streams that the oracle uses.
inline std::vector<RandomStream> UnitStreams(std::size_t units) {
  std::vector<RandomStream> streams;
  for (std::size_t u = 0; u < units; ++u)
    streams.emplace_back(std::array<std::uint32_t, 2>{static_cast<std::uint32_t>(u), 77},
                         StreamLabel{.purpose = Purpose::kDropout});
  return streams;
}

inline double Distance(std::span<const float> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return std::sqrt(sum);
}

}  // namespace cairn

#include "client/learning/unit_norms.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cairn {
namespace {

constexpr double kLeastNormal = std::numeric_limits<float>::min();

float RoundedDown(double value) {
  if (value < kLeastNormal) return 0;
  const auto near = static_cast<float>(value);
  return double{near} > value ? std::nextafter(near, 0.0f) : near;
}

}  // namespace

void UnitNorms::Start(std::span<const std::uint32_t> ends) {
  ends_.assign(ends.begin(), ends.end());
  squares_.assign(ends_.size(), 0.0);
  row_squares_.assign(ends_.empty() ? 0 : ends_.back(), 0.0);
  underflow_.assign(ends_.size(), 0.0);
}

void UnitNorms::AddDense(const Dense& layer) {
  const auto input = [&](std::size_t row) { return layer.inputs + row * layer.in; };
  const auto delta = [&](std::size_t row) { return layer.deltas + row * layer.out; };
  const auto inner = [&](std::size_t s, std::size_t t) {  // of the inputs, the bias's 1 among them
    return (layer.weight ? kernels_.dot(input(s), input(t), layer.in) : 0.0) + (layer.bias ? 1.0 : 0.0);
  };
  const double least = kLeastNormal * std::sqrt(static_cast<double>(layer.out));
  for (std::size_t u = 0; u < units(); ++u) {
    for (std::size_t s = begin(u); s < end(u); ++s) {
      const double inputs = inner(s, s), own = inputs * kernels_.dot(delta(s), delta(s), layer.out);
      row_squares_[s] += own;
      squares_[u] += own;
      underflow_[u] += least * std::sqrt(inputs);
      for (std::size_t t = begin(u); t < s; ++t) {
        squares_[u] += 2 * inner(s, t) * kernels_.dot(delta(s), delta(t), layer.out);
      }
    }
  }
}

void UnitNorms::AddExplicit(const float* gradients, std::size_t size) {
  for (std::size_t u = 0; u < units(); ++u) {
    const std::size_t first = begin(u), last = end(u);
    for (std::size_t r = first; r < last; ++r) {
      const double own = kernels_.dot(gradients + r * size, gradients + r * size, size);
      row_squares_[r] += own;
      if (last == first + 1) squares_[u] += own;
    }
    if (last == first + 1) continue;
    scratch_.assign(size, 0.0);
    for (std::size_t r = first; r < last; ++r) {
      for (std::size_t i = 0; i < size; ++i) scratch_[i] += gradients[r * size + i];
    }
    for (const double sum : scratch_) squares_[u] += sum * sum;
  }
}

double UnitNorms::Clip(double clip) {
  // More than the sums lose: each has fewer than 2^21 terms, of 2^−53 of the product of norms. And more than
  // scaled rows do: 2^−24 of each.
  constexpr double kRounding = 0x1p-30, kScaling = 0x1p-23, kUnderflow = 0x1p-30;
  factors_.resize(units());
  double mass = 0;
  for (std::size_t u = 0; u < units(); ++u) {
    double lengths = 0;
    for (std::size_t r = begin(u); r < end(u); ++r) lengths += std::sqrt(row_squares_[r]);
    const double norm =
        std::sqrt(std::max(squares_[u], 0.0) + kRounding * lengths * lengths) + kScaling * lengths;
    const bool is_finite = std::isfinite(norm) && std::isfinite(squares_[u]);
    const bool is_within = norm <= clip;
    const bool can_scale = is_within || underflow_[u] <= kUnderflow * clip;
    factors_[u] = is_finite && can_scale ? (is_within ? 1.0f : RoundedDown(clip / norm)) : 0.0f;
    if (factors_[u] > 0) mass += double{factors_[u]} * lengths;
  }
  return mass;
}

void UnitNorms::Scale(float* deltas, std::size_t out, float* inputs, std::size_t in) const {
  for (std::size_t u = 0; u < units(); ++u) {
    const float factor = factors_[u];
    if (factor == 1.0f) continue;
    float* const first = deltas + begin(u) * out;
    float* const last = deltas + end(u) * out;
    if (factor == 0.0f) {
      std::fill(first, last, 0.0f);
      std::fill(inputs + begin(u) * in, inputs + end(u) * in, 0.0f);
      continue;
    }
    // A subnormal product could be rounded up by a large part of itself, and meet a huge input.
    for (float* b = first; b < last; ++b) {
      const float scaled = *b * factor;
      *b = std::abs(scaled) < static_cast<float>(kLeastNormal) ? 0.0f : scaled;
    }
  }
}

}  // namespace cairn

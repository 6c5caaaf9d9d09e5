#pragma once

#include <cstdint>
#include <span>

#include "core/base/result.h"
#include "privacy/dp/layered_gaussian.h"
#include "privacy/dp/noise_bits.h"

namespace cairn {

// The grid a sum of clipped contributions lies on. Neighbouring sums differ by at most `sensitivity` grid
// steps in the Euclidean norm, rounding included (docs/privacy.md says how a clip becomes one).
struct NoiseGrid {
  double step = 0;         // a power of two
  double sensitivity = 0;  // in steps
};

// Adds discrete Gaussian noise of σ = noise multiplier × sensitivity, at least, to sums of integers, and
// converts them afterwards. Floating-point noise leaks through its bit patterns, and float sums of neighbours
// differ by more than their clip (Mironov 2012; Jin et al., arXiv 2112.05307).
//
// The arithmetic alone: what may leave is decided by whoever charged for it (NoisedSum, or the agent of a
// worker that trains privately). Thread-compatible.
class NoiseAdder {
 public:
  // kPrivacyParameter for a grid the noise does not fit: σ from 1/16 to 2^24 − 1 steps.
  static Result<NoiseAdder> Create(NoiseGrid grid, double noise_multiplier);

  // Wraps as the ring of masked sums does; a sum near 2^63 steps is far outside every clip.
  void AddTo(std::span<std::int64_t> sum, NoiseBits& bits) const;
  // Every coordinate over `denominator`, a public constant: never what was drawn. Equal sizes.
  void Convert(std::span<const std::int64_t> sum, double denominator, std::span<float> out) const;

  double sigma() const { return sampler_.scale().sigma(); }  // in steps

 private:
  NoiseAdder(GaussianScale scale, double step) : sampler_(scale), step_(step) {}

  LayeredGaussian sampler_;
  double step_;
};

}  // namespace cairn

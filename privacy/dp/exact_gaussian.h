#pragma once

#include <cstdint>

#include "privacy/dp/gaussian_scale.h"
#include "privacy/dp/noise_bits.h"

namespace cairn {

// Draws the discrete Gaussian N_Z(0, σ²) exactly (Canonne, Kamath, Steinke 2020, arXiv 2004.00010, Algorithm
// 3): a discrete Laplace proposal, accepted by an exact coin; no floating point. Slow and simple: what faster
// samplers are held to. A proposal beyond 2^14 σ, of probability below 2^−20000, is refused unseen. Not
// thread-safe.
class ExactGaussian {
 public:
  explicit ExactGaussian(GaussianScale scale);
  std::int64_t Draw(NoiseBits& bits) const;

 private:
  std::uint64_t laplace_;            // t = ⌊σ⌋ + 1
  unsigned __int128 square_, step_;  // σ² = square/4^shift; |Y| counts `step` in the exponent
  unsigned __int128 denominator_;
};

}  // namespace cairn

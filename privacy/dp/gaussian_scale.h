#pragma once

#include <cstdint>

#include "core/base/result.h"

namespace cairn {

// The σ of a discrete Gaussian as a number that integers can compute with: numerator/2^shift, the numerator
// below 2^24. Made from a double by rounding up, so that noise is never less than was asked for; the excess
// is below 2^−23 of it.
struct GaussianScale {
  std::uint32_t numerator = 0;
  unsigned shift = 0;  // at most 28

  // σ in steps of the grid, from 1/16 to 2^24 − 1. kPrivacyParameter.
  static Result<GaussianScale> AtLeast(double sigma);
  double sigma() const;  // exact
};

}  // namespace cairn

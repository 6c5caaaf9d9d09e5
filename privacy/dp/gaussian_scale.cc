#include "privacy/dp/gaussian_scale.h"

#include <cmath>
#include <cstdio>

namespace cairn {

Result<GaussianScale> GaussianScale::AtLeast(double sigma) {
  constexpr double kMost = (1 << 24) - 1;
  if (!(sigma >= 1.0 / 16 && sigma <= kMost)) {
    char text[96];
    std::snprintf(text, sizeof text, "noise of %g grid steps, expected from 1/16 to 2^24 - 1", sigma);
    return Status(errors::kPrivacyParameter, text).Mend("choose another grid for this noise");
  }
  GaussianScale scale;
  scale.shift = static_cast<unsigned>(23 - std::ilogb(sigma));
  double numerator = std::ceil(std::ldexp(sigma, static_cast<int>(scale.shift)));
  if (numerator > kMost) numerator = std::ceil(std::ldexp(sigma, static_cast<int>(--scale.shift)));
  scale.numerator = static_cast<std::uint32_t>(numerator);
  return scale;
}

double GaussianScale::sigma() const { return std::ldexp(numerator, -static_cast<int>(shift)); }

}  // namespace cairn

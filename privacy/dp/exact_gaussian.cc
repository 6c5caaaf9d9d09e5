#include "privacy/dp/exact_gaussian.h"

#include "privacy/dp/exact_bernoulli.h"

namespace cairn {
namespace {

// |Y| of P[Y] ∝ e^(−|Y|/t) on the integers, with a sign (Algorithm 2).
std::int64_t DrawLaplace(std::uint64_t t, NoiseBits& bits) {
  while (true) {
    const std::uint64_t low = bits.Below(t);
    if (!FlipExpMinus(low, t, bits)) continue;
    std::uint64_t high = 0;
    while (FlipExpMinus(1, 1, bits)) ++high;
    const auto magnitude = static_cast<std::int64_t>(low + t * high);
    const bool is_negative = (bits() & 1) != 0;
    if (is_negative && magnitude == 0) continue;  // zero has one sign
    return is_negative ? -magnitude : magnitude;
  }
}

}  // namespace

// With N = numerator² and D = 4^shift, σ² = N/D, and the exponent (|Y| − σ²/t)²/2σ² is
// (|Y|·D·t − N)² / (2·N·D·t²): below 2^126 over 2^98.
ExactGaussian::ExactGaussian(GaussianScale scale)
    : laplace_((scale.numerator >> scale.shift) + 1),
      square_(static_cast<Uint128>(scale.numerator) * scale.numerator),
      step_((static_cast<Uint128>(1) << (2 * scale.shift)) * laplace_),
      denominator_(2 * square_ * step_ * laplace_) {}

std::int64_t ExactGaussian::Draw(NoiseBits& bits) const {
  while (true) {
    const std::int64_t y = DrawLaplace(laplace_, bits);
    const Uint128 reach = static_cast<Uint128>(y < 0 ? -y : y) * step_;
    if (reach >> 63 != 0) continue;
    const Uint128 distance = reach > square_ ? reach - square_ : square_ - reach;
    if (FlipExpMinus(distance * distance, denominator_, bits)) return y;
  }
}

}  // namespace cairn

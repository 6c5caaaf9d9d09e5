#include "privacy/dp/noise_adder.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "privacy/crypto/secret_bytes.h"

namespace cairn {
namespace {

std::int64_t AddWrapping(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

Result<NoiseAdder> NoiseAdder::Create(NoiseGrid grid, double noise_multiplier) {
  int exponent = 0;
  if (!(grid.step > 0 && std::isfinite(grid.step) && std::frexp(grid.step, &exponent) == 0.5) ||
      !(grid.sensitivity > 0)) {
    return Status(errors::kPrivacyParameter,
                  "a noise grid has a power of two as its step and a positive sensitivity");
  }
  CAIRN_ASSIGN_OR_RETURN(const GaussianScale scale,
                         GaussianScale::AtLeast(noise_multiplier * grid.sensitivity));
  return NoiseAdder(scale, grid.step);
}

void NoiseAdder::AddTo(std::span<std::int64_t> sum, NoiseBits& bits) const {
  std::array<std::int64_t, 1024> noise;
  while (!sum.empty()) {
    const std::size_t count = std::min(sum.size(), noise.size());
    sampler_.Fill(std::span(noise).first(count), bits);
    for (std::size_t i = 0; i < count; ++i) sum[i] = AddWrapping(sum[i], noise[i]);
    sum = sum.subspan(count);
  }
  Wipe(std::as_writable_bytes(std::span(noise)));
}

void NoiseAdder::Convert(std::span<const std::int64_t> sum, double denominator, std::span<float> out) const {
  const double step = step_;
  std::transform(sum.begin(), sum.end(), out.begin(), [=](std::int64_t steps) {
    return static_cast<float>(static_cast<double>(steps) * step / denominator);
  });
}

}  // namespace cairn

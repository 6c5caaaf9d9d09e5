#include "privacy/dp/noise_adder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "privacy/crypto/secret_bytes.h"

namespace cairn {
namespace {

std::int64_t AddWrapping(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

// Below 2^51 in magnitude: what SmallToDouble is exact for, in a loop that every compiler vectorizes where
// the instruction for it is a late one.
bool AreSmall(std::span<const std::int64_t> values) {
  std::uint64_t high = 0;
  for (const std::int64_t value : values)
    high |= static_cast<std::uint64_t>(value) + (std::uint64_t{1} << 51);
  return high >> 52 == 0;
}

double SmallToDouble(std::int64_t value) {
  constexpr double kMagic = 0x1.8p52;
  return std::bit_cast<double>(std::bit_cast<std::int64_t>(kMagic) + value) - kMagic;
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
  const double scale = step_ / denominator;
  while (!sum.empty()) {
    const std::size_t count = std::min(sum.size(), std::size_t{1024});
    if (AreSmall(sum.first(count))) {
      for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(SmallToDouble(sum[i]) * scale);
    } else {
      for (std::size_t i = 0; i < count; ++i)
        out[i] = static_cast<float>(static_cast<double>(sum[i]) * scale);
    }
    sum = sum.subspan(count);
    out = out.subspan(count);
  }
}

}  // namespace cairn

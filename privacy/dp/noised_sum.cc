#include "privacy/dp/noised_sum.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "privacy/crypto/secret_bytes.h"
#include "privacy/dp/layered_gaussian.h"

namespace cairn {
namespace {

// Wraps as the ring of masked sums does; a sum near 2^63 steps is far outside every clip.
std::int64_t AddWrapping(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

void AddNoise(const LayeredGaussian& sampler, std::span<std::int64_t> sum, NoiseBits& bits) {
  std::array<std::int64_t, 1024> noise;
  while (!sum.empty()) {
    const std::size_t count = std::min(sum.size(), noise.size());
    sampler.Fill(std::span(noise).first(count), bits);
    for (std::size_t i = 0; i < count; ++i) sum[i] = AddWrapping(sum[i], noise[i]);
    sum = sum.subspan(count);
  }
  Wipe(std::as_writable_bytes(std::span(noise)));
}

}  // namespace

Result<NoisedSum> NoisedSum::Release(std::vector<std::int64_t> sum, NoiseGrid grid, NoiseBits& bits,
                                     ReleasePermit permit) {
  const Charge& charge = permit.charge();
  const auto* noise = std::get_if<GaussianNoise>(&charge.event.mechanism());
  if (noise == nullptr) {
    return Status(errors::kPrivacyParameter, "the permit is not for Gaussian noise on one sum");
  }
  int exponent = 0;
  if (!(grid.step > 0 && std::isfinite(grid.step) && std::frexp(grid.step, &exponent) == 0.5) ||
      !(grid.sensitivity > 0)) {
    return Status(errors::kPrivacyParameter,
                  "a noise grid has a power of two as its step and a positive sensitivity");
  }
  CAIRN_ASSIGN_OR_RETURN(const GaussianScale scale,
                         GaussianScale::AtLeast(noise->noise_multiplier * grid.sensitivity));
  AddNoise(LayeredGaussian(scale), sum, bits);
  return NoisedSum(std::move(sum), grid.step, !bits.is_secure(), charge);
}

std::vector<float> NoisedSum::Over(double denominator) const {
  std::vector<float> values(steps_.size());
  std::transform(steps_.begin(), steps_.end(), values.begin(), [&](std::int64_t steps) {
    return static_cast<float>(static_cast<double>(steps) * step_ / denominator);
  });
  return values;
}

}  // namespace cairn

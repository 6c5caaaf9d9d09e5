#include "privacy/dp/noised_sum.h"

#include <utility>

namespace cairn {

Result<NoisedSum> NoisedSum::Release(std::vector<std::int64_t> sum, NoiseGrid grid, NoiseBits& bits,
                                     ReleasePermit permit) {
  const Charge& charge = permit.charge();
  const auto* noise = std::get_if<GaussianNoise>(&charge.event.mechanism());
  if (noise == nullptr) {
    return Status(errors::kPrivacyParameter, "the permit is not for Gaussian noise on one sum");
  }
  CAIRN_ASSIGN_OR_RETURN(const NoiseAdder adder, NoiseAdder::Create(grid, noise->noise_multiplier));
  adder.AddTo(sum, bits);
  return NoisedSum(std::move(sum), adder, !bits.is_secure(), charge);
}

std::vector<float> NoisedSum::Over(double denominator) const {
  std::vector<float> values(steps_.size());
  adder_.Convert(steps_, denominator, values);
  return values;
}

}  // namespace cairn

#pragma once

#include <cstdint>

#include "privacy/accounting/accountant.h"

namespace cairn {

// The questions a plan asks the other way round, answered by bisection on the accountant that enforces.

struct NoiseCalibration {
  double least = 0;             // noise multiplier, to 1e-6 relative, from above
  double noise_multiplier = 0;  // the same rounded up to three decimals: what a job file should say
  EpsilonDelta reached;         // at noise_multiplier
};
// The least Gaussian noise with which `terms` stay within the target; the multiplier in them is not looked
// at. kPrivacyTarget when even a multiplier of 10^6 does not reach it, and what PrivacyEvent::Create refuses.
Result<NoiseCalibration> CalibrateNoise(AccountantKind kind, PrivacyEvent::Terms terms, EpsilonDelta target);

// The most steps of this event that fit beside what the account holds; 0 when not one does.
Result<std::uint64_t> MostSteps(const PrivacyAccountant& account, PrivacyEvent::Terms terms,
                                EpsilonDelta target);

}  // namespace cairn

#pragma once

#include <cstdint>

namespace cairn {

// The whole of PrivateTraining::sampling_rate: numbers up to it are exact in a double.
inline constexpr std::uint64_t kWholeSamplingRate = std::uint64_t{1} << 53;

// What a clip and a noise multiplier may be, in a job as in a round of it.
inline constexpr double kLeastPrivacyScale = 1e-6, kLargestPrivacyScale = 1e6;
// Likewise where whole clients are protected, whose sums lie on the grid of a ring.
inline constexpr double kLargestClientClip = 1024, kLeastClientNoise = 0.01, kLargestClientNoise = 1000;

// One round of DP-SGD as a site has priced and charged it (Abadi et al. 2016, Algorithm 1): `steps` lots,
// each unit (a patient, or a row where the data name none) in a lot by its own secret coin; the lot's clipped
// gradients are summed, noise of deviation noise_multiplier × clip is added, and the sum is divided by
// `expected_lot`, never by what was drawn.
struct PrivateTraining {
  double clip = 1;                  // Euclidean norm of one unit's summed gradient
  double noise_multiplier = 1;      // deviation of the noise over the sensitivity
  std::uint64_t sampling_rate = 0;  // a coin shows heads with exactly sampling_rate / kWholeSamplingRate
  std::uint32_t steps = 0;          // this round's, fixed before the data are seen
  std::uint32_t expected_lot = 1;   // a public constant of the job: train.batch
  friend bool operator==(const PrivateTraining&, const PrivateTraining&) = default;
};

}  // namespace cairn

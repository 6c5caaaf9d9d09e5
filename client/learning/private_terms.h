#pragma once

#include <cstdint>

#include "core/base/result.h"
#include "core/tensor/parameter_spec.h"
#include "privacy/dp/noise_adder.h"
#include "protocol/messages/job.h"
#include "protocol/messages/private_training.h"

namespace cairn {

// Whether these terms can be kept. kPrivacyParameter for a number outside its range; kPrivacyTraining for a
// setting of the job that has no meaning under them: grad_clip would clip the noised sum, drop_last assumes
// lots of one size.
Status CheckPrivateTraining(const TrainConfig& config, const PrivateTraining& privacy);

// Whether a patient's part in a step of this model can be bounded. kPrivacyModel for one that learns
// statistics of batches, by the tensor's name.
Status CheckPrivateModel(const ParameterSpec& spec);

// The grid that sums of `dimension` coordinates are rounded to, and by how much one unit more or less moves
// such a sum: g = 2^(⌈log₂(σC)⌉ − 20) and C′ = C(1 + 2^−10) + g·√d, of which the second term is what
// rounding to the grid adds and the 2^−10 what float sums may lose before (lot_summer.h).
NoiseGrid GridOf(const PrivateTraining& privacy, std::size_t dimension);

}  // namespace cairn

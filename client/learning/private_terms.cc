#include "client/learning/private_terms.h"

#include <cmath>
#include <string>

namespace cairn {
namespace {

Status Refuse(const char* name, double got, const char* expected) {
  return Status(errors::kPrivacyParameter,
                std::string("privacy.") + name + " is " + std::to_string(got) + ", expected " + expected);
}

bool IsWithin(double value, double least, double most) {
  return value >= least && value <= most;  // false for NaN
}

}  // namespace

Status CheckPrivateTraining(const TrainConfig& config, const PrivateTraining& privacy) {
  if (!IsWithin(privacy.clip, 1e-9, 1e9)) return Refuse("clip", privacy.clip, "1e-9 to 1e9");
  if (!IsWithin(privacy.noise_multiplier, 1e-6, 1e6))
    return Refuse("noise_multiplier", privacy.noise_multiplier, "1e-6 to 1e6");
  if (privacy.sampling_rate == 0 || privacy.sampling_rate > kWholeSamplingRate) {
    return Refuse("sampling_rate", static_cast<double>(privacy.sampling_rate), "1 to 2^53");
  }
  if (privacy.steps == 0) return Refuse("steps", 0, "at least 1");
  if (privacy.expected_lot == 0) return Refuse("expected_lot", 0, "at least 1");
  if (config.grad_clip != 0) {
    return Status(errors::kPrivacyTraining, "train.grad_clip clips a whole batch, privacy.clip each patient")
        .Mend("leave train.grad_clip out");
  }
  if (config.drop_last) {
    return Status(errors::kPrivacyTraining,
                  "train.drop_last leaves short batches out, and secret lots have no fixed size")
        .Mend("leave train.drop_last out");
  }
  return {};
}

Status CheckPrivateModel(const ParameterSpec& spec) {
  for (const TensorSpec& tensor : spec.tensors()) {
    if (tensor.role == Role::kParameter) continue;
    return Status(errors::kPrivacyModel,
                  "tensor \"" + tensor.name + "\" is not a parameter but learnt from batches");
  }
  return {};
}

NoiseGrid GridOf(const PrivateTraining& privacy, std::size_t dimension) {
  const double step =
      std::ldexp(1.0, static_cast<int>(std::ceil(std::log2(privacy.noise_multiplier * privacy.clip))) - 20);
  const double rounding = step * std::sqrt(static_cast<double>(dimension));
  const double sensitivity = privacy.clip * (1 + 0x1p-10) + rounding;
  return {.step = step, .sensitivity = sensitivity / step * (1 + 0x1p-50)};
}

}  // namespace cairn

#include "client/learning/private_terms.h"

#include <cmath>
#include <string>
#include <string_view>

#include "protocol/messages/private_round.h"

namespace cairn {

Status CheckPrivateTraining(const TrainConfig& config, const PrivateTraining& privacy) {
  if (const std::string_view fault = FaultOf(privacy); !fault.empty())
    return Status(errors::kPrivacyParameter, "private training cannot be done: " + std::string(fault));
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

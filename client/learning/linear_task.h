#pragma once

#include <memory>
#include <span>
#include <string>

#include "client/learning/layer_stack.h"
#include "client/learning/learning_task.h"

namespace cairn {

// Logistic and softmax regression without LibTorch: `arch = "linear"` with hyper-parameters inputs,
// outputs (1 for bce) and bias (1 or 0; default 1); tensors linear.weight (outputs × inputs) and
// linear.bias. Every optimizer and loss of TrainConfig; no memory is allocated between the first
// and the last step of a pass. What tests and small simulations train.
Result<std::unique_ptr<LearningTask>> NewLinearTask(const ModelConfig& model,
                                                    std::span<const std::string> freeze);

// The layers behind it, for the zoo.
Result<LayerStack> LinearStack(const ModelConfig& model);

// Knows "linear" alone; needs no LibTorch. Thread-safe.
class LinearTaskFactory final : public LearningTaskFactory {
 public:
  Result<std::unique_ptr<LearningTask>> Create(const ModelConfig& model,
                                               std::span<const std::string> freeze) const override;
  Result<std::int64_t> Outputs(const ModelConfig& model) const override;
};

}  // namespace cairn

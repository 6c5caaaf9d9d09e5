#include "client/learning/linear_task.h"

#include <utility>

#include "client/learning/hyper_reader.h"
#include "client/learning/plan_engine.h"
#include "client/learning/stack_task.h"

namespace cairn {

Result<LayerStack> LinearStack(const ModelConfig& model) {
  HyperReader hyper(model);
  const std::int64_t inputs = hyper.Integer("inputs", {.min = 1, .max = 1 << 24});
  const std::int64_t outputs = hyper.Integer("outputs", {.min = 1, .max = 1 << 16});
  const bool bias = hyper.Integer("bias", {.min = 0, .max = 1, .standard = 1}) != 0;
  CAIRN_RETURN_IF_ERROR(hyper.Finish());
  return LayerStackBuilder({inputs}).Dense("linear", outputs, bias).Finish();
}

Result<std::unique_ptr<LearningTask>> NewLinearTask(const ModelConfig& model,
                                                    std::span<const std::string> freeze) {
  CAIRN_ASSIGN_OR_RETURN(LayerStack stack, LinearStack(model));
  return StackTask::Create(
      std::move(stack), freeze,
      [](const LayerStack& layers, ParameterSet& state) -> Result<std::unique_ptr<BatchEngine>> {
        return std::unique_ptr<BatchEngine>(std::make_unique<PlanEngine>(layers, state));
      });
}

Result<std::int64_t> LinearTaskFactory::Outputs(const ModelConfig& model) const {
  CAIRN_ASSIGN_OR_RETURN(const LayerStack stack, LinearStack(model));
  return stack.outputs();
}

Result<std::unique_ptr<LearningTask>> LinearTaskFactory::Create(const ModelConfig& model,
                                                                std::span<const std::string> freeze) const {
  if (model.arch != "linear") {
    return Status(errors::kModelConfig, "model.arch is \"" + model.arch.substr(0, 60) +
                                            "\"; this build without LibTorch knows \"linear\" only");
  }
  return NewLinearTask(model, freeze);
}

}  // namespace cairn

#include "client/learning/torch/factory.h"

#include <utility>

#include "client/learning/plan_engine.h"
#include "client/learning/stack_task.h"
#include "client/learning/torch/autograd_engine.h"
#include "client/learning/zoo/zoo.h"

namespace cairn {
namespace {

using NewEngineResult = Result<std::unique_ptr<BatchEngine>>;

class TorchTaskFactory final : public LearningTaskFactory {
 public:
  explicit TorchTaskFactory(TrainEngine engine) : engine_(engine) {}

  Result<std::unique_ptr<LearningTask>> Create(const ModelConfig& model,
                                               std::span<const std::string> freeze) const override {
    CAIRN_ASSIGN_OR_RETURN(LayerStack stack, StackOf(model));
    const bool has_plan = PlanEngine::Supports(stack);
    if (engine_ == TrainEngine::kPlan && !has_plan) {
      return Status(errors::kModelConfig, "model.arch \"" + model.arch + "\" has no hand-written plan");
    }
    const bool plan = has_plan && engine_ != TrainEngine::kAutograd;
    const DenseTail tail = engine_ == TrainEngine::kAuto ? DenseTail::kPlanned : DenseTail::kNone;
    return StackTask::Create(std::move(stack), freeze,
                             [plan, tail](const LayerStack& layers, ParameterSet& state) {
                               if (plan) return NewEngineResult(std::make_unique<PlanEngine>(layers, state));
                               return NewAutogradEngine(layers, state, tail);
                             });
  }

  Result<std::int64_t> Outputs(const ModelConfig& model) const override {
    CAIRN_ASSIGN_OR_RETURN(const LayerStack stack, StackOf(model));
    return stack.outputs();
  }

 private:
  TrainEngine engine_;
};

}  // namespace

std::unique_ptr<LearningTaskFactory> NewTorchTaskFactory(TrainEngine engine) {
  return std::make_unique<TorchTaskFactory>(engine);
}

}  // namespace cairn

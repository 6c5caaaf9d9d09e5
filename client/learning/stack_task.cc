#include "client/learning/stack_task.h"

#include <utility>

#include "client/learning/private_terms.h"

namespace cairn {

Result<std::unique_ptr<LearningTask>> StackTask::Create(LayerStack stack, std::span<const std::string> freeze,
                                                        const NewEngine& new_engine) {
  CAIRN_ASSIGN_OR_RETURN(ParameterSpec spec, SpecOfStack(stack));
  if (!freeze.empty()) {
    CAIRN_ASSIGN_OR_RETURN(spec, WithLocal(spec, freeze));
  }
  std::unique_ptr<StackTask> task(new StackTask(std::move(stack), std::move(spec)));
  CAIRN_ASSIGN_OR_RETURN(task->engine_, new_engine(task->stack_, task->state_));
  return std::unique_ptr<LearningTask>(std::move(task));
}

Status StackTask::Initialize(RandomStream stream) {
  InitializeStack(stack_, stream, state_);
  return {};
}

Result<TrainReport> StackTask::Train(const TrainConfig& config, const ExampleSource& data,
                                     const TrainContext& context, std::stop_token stop) {
  const auto trainable = static_cast<std::size_t>(state_.spec().exchanged(Role::kParameter));
  return loop_.Train(*engine_, state_.parameters().first(trainable), config, data, context, std::move(stop));
}

Result<TrainReport> StackTask::TrainPrivately(const TrainConfig& config, const PrivateTraining& privacy,
                                              const ExampleSource& data, const TrainContext& context,
                                              std::stop_token stop) {
  CAIRN_RETURN_IF_ERROR(CheckPrivateModel(state_.spec()));
  const auto trainable = static_cast<std::size_t>(state_.spec().exchanged(Role::kParameter));
  return private_loop_.Train(*engine_, state_.parameters().first(trainable), config, privacy, data, context,
                             std::move(stop));
}

Result<MetricSums> StackTask::Evaluate(Loss loss, const ExampleSource& data, std::stop_token stop) {
  return loop_.Evaluate(*engine_, loss, data, std::move(stop));
}

}  // namespace cairn

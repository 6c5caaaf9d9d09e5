#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "client/learning/batch_engine.h"
#include "client/learning/layer_stack.h"
#include "client/learning/learning_task.h"
#include "client/learning/private_loop.h"
#include "client/learning/train_loop.h"

namespace cairn {

// A LearningTask for any sequential net: a resident state, an engine over it, and the loop around.
class StackTask final : public LearningTask {
 public:
  using NewEngine = std::function<Result<std::unique_ptr<BatchEngine>>(const LayerStack&, ParameterSet&)>;

  // Tensors matching `freeze` become Scope::kLocal and are never trained.
  static Result<std::unique_ptr<LearningTask>> Create(LayerStack stack, std::span<const std::string> freeze,
                                                      const NewEngine& new_engine);

  ParameterSet& state() override { return state_; }
  Status Initialize(RandomStream stream) override;
  Result<TrainReport> Train(const TrainConfig& config, const ExampleSource& data, const TrainContext& context,
                            std::stop_token stop) override;
  Result<TrainReport> TrainPrivately(const TrainConfig& config, const PrivateTraining& privacy,
                                     const ExampleSource& data, const TrainContext& context,
                                     std::stop_token stop) override;
  Result<MetricSums> Evaluate(Loss loss, const ExampleSource& data, std::stop_token stop) override;

 private:
  StackTask(LayerStack stack, ParameterSpec spec) : stack_(std::move(stack)), state_(std::move(spec)) {}

  LayerStack stack_;
  ParameterSet state_;
  std::unique_ptr<BatchEngine> engine_;
  TrainLoop loop_;
  PrivateLoop private_loop_;
};

}  // namespace cairn

#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "client/data/example_source.h"
#include "client/learning/batch_engine.h"
#include "client/learning/client_optimizer.h"
#include "client/learning/learning_task.h"
#include "core/base/result.h"

namespace cairn {

// Whether the model takes these examples and classes. kModelData.
Status CheckFit(const BatchEngine& engine, Loss loss, const ExampleSource& data);

// Local training and evaluation around any BatchEngine: order of examples, batches, optimizer,
// cancellation, divergence, metrics. Keeps its buffers between calls. One thread at a time.
class TrainLoop {
 public:
  // See LearningTask::Train; `weights` are the trainable ones, an exchanged prefix of the arena.
  Result<TrainReport> Train(BatchEngine& engine, std::span<float> weights, const TrainConfig& config,
                            const ExampleSource& data, const TrainContext& context, std::stop_token stop);

  // See LearningTask::Evaluate. Every batch has kEvaluationRows rows, the last one padded with zeros,
  // so that no row's logits depend on how many rows there are.
  static constexpr std::size_t kEvaluationRows = 128;
  Result<MetricSums> Evaluate(BatchEngine& engine, Loss loss, const ExampleSource& data,
                              std::stop_token stop);

 private:
  Result<double> Step(BatchEngine& engine, std::span<float> weights, std::span<const std::uint32_t> rows,
                      const TrainConfig& config, const ExampleSource& data, RandomStream& dropout);

  ClientOptimizer optimizer_;
  std::vector<std::int64_t> labels_;
  std::vector<float> logits_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace cairn

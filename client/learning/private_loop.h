#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "client/data/example_source.h"
#include "client/learning/batch_engine.h"
#include "client/learning/client_optimizer.h"
#include "client/learning/learning_task.h"
#include "client/learning/poisson_lot.h"
#include "core/base/result.h"

namespace cairn {

// DP-SGD around any BatchEngine (Abadi et al. 2016, arXiv 1607.00133, Algorithm 1): in each step a Poisson
// lot, every unit's gradient clipped, the sum noised as integers and divided by the expected lot, and the
// job's optimizer on the quotient. Momentum, Adam's moments, weight decay and the proximal pull see noised
// sums only, so they cost nothing. An empty lot takes its noise step; nothing but a stop or the weights
// themselves ends a round early. Keeps its buffers between calls. One thread at a time.
class PrivateLoop {
 public:
  // See LearningTask::TrainPrivately; `weights` are the trainable ones, an exchanged prefix of the arena.
  Result<TrainReport> Train(BatchEngine& engine, std::span<float> weights, const TrainConfig& config,
                            const PrivateTraining& privacy, const ExampleSource& data,
                            const TrainContext& context, std::stop_token stop);

 private:
  ClientOptimizer optimizer_;
  std::vector<LotMember> lot_;
};

}  // namespace cairn

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "client/learning/step_kernels.h"
#include "core/base/result.h"
#include "protocol/messages/job.h"

namespace cairn {

// The optimizer of local training over one flat span of weights, with PyTorch's semantics and order:
// the proximal pull μ·(w − w₀) joins the gradient (FedProx; Li et al., MLSys 2020), the gradient is
// clipped by norm, then torch.optim.SGD or Adam adds its weight decay and steps.
//
// State is fresh at Start and memory is kept between calls, so training many clients in one resident
// model allocates once. Elementwise loops in one order: equal input gives equal bytes.
class ClientOptimizer {
 public:
  // `weights` are those received: the anchor of the proximal pull.
  void Start(const TrainConfig& config, std::span<const float> weights);

  // True where a step is w ← w − lr·g and nothing else, which an engine may do on its own.
  bool is_plain_sgd() const { return plain_; }

  // Changes `gradients` too. Spans have the size given to Start.
  void Step(std::span<float> weights, std::span<float> gradients);

  // The same in parts, after one BeginStep: those of the weights from `offset` on, each weight once, in any
  // order. Only without a clip by norm, which needs the whole gradient.
  void BeginStep();
  void StepPart(std::size_t offset, std::span<float> weights, std::span<float> gradients);

 private:
  void AddPull(std::size_t offset, std::span<const float> weights, std::span<float> gradients) const;
  void Move(std::size_t offset, std::span<float> weights, std::span<const float> gradients);
  void MoveSgd(std::size_t offset, std::span<float> weights, std::span<const float> gradients);
  void MoveAdam(std::size_t offset, std::span<float> weights, std::span<const float> gradients);

  const StepKernels& kernels_ = BestStepKernels();
  OptimizerConfig config_;
  double grad_clip_ = 0, proximal_mu_ = 0;
  bool plain_ = false;
  std::int64_t steps_ = 0;
  double correction1_ = 0, correction2_ = 0;  // of Adam, this step's
  std::vector<float> anchor_, first_, second_;
};

// Ranges of the numbers in a TrainConfig (kTrainConfig).
Status CheckTrainConfig(const TrainConfig& config);

// Euclidean norm, summed in sixteen double lanes whatever the machine.
double FlatNorm(std::span<const float> values);
bool AllFinite(std::span<const float> values);

}  // namespace cairn

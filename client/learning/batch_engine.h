#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/random.h"
#include "core/base/result.h"
#include "protocol/messages/job.h"

namespace cairn {

// What is trained on in one step: the first `rows` rows of BatchEngine::features().
struct TrainBatch {
  std::size_t rows = 0;
  std::span<const std::int64_t> labels;  // rows of them
  Loss loss = Loss::kCrossEntropy;
  RandomStream* dropout = nullptr;  // masks are drawn layer by layer, row by row: FillDropoutMask
};

// Forward and backward of one net, batch by batch, over tensors that live in a ParameterSet the
// engine was made for; the loops around it (train_loop.h) know optimizers, data and order. Every
// engine of a net gives the same numbers within rounding. One thread at a time; the same bytes on
// any thread.
class BatchEngine {
 public:
  virtual ~BatchEngine() = default;

  virtual std::int64_t inputs() const = 0;   // floats of one example
  virtual std::int64_t outputs() const = 0;  // logits of one example

  // Makes room for batches of up to `rows`; no later call allocates memory of its own for them.
  virtual Status Reserve(std::size_t rows) = 0;
  // rows · inputs() floats, row-major, filled by the caller. Valid until the next Reserve.
  virtual std::span<float> features() = 0;

  // Mean loss of the batch; the gradient of it stands in gradients(), which covers the exchanged
  // parameters in arena order.
  virtual Result<double> ComputeGradients(const TrainBatch& batch) = 0;
  virtual std::span<float> gradients() = 0;

  // One step of plain SGD without a gradient in between, where the engine can.
  virtual bool has_fused_sgd() const { return false; }
  virtual Result<double> StepSgd(const TrainBatch& batch, float lr);

  // Evaluation mode: no dropout. rows · outputs() logits.
  virtual Status ComputeLogits(std::size_t rows, std::span<float> logits) = 0;
};

}  // namespace cairn

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

// Some units' rows, a unit's rows together: unit u has the rows from ends[u − 1] (0 for the first) to
// ends[u]. Dropout masks are drawn from the unit's own stream, layer by layer, so that no unit's gradient
// depends on who else is in the batch.
struct UnitBatch {
  std::span<const std::uint32_t> ends;   // ascending; the last is the number of rows
  std::span<const std::int64_t> labels;  // one a row
  std::span<RandomStream> dropout;       // one a unit
  Loss loss = Loss::kCrossEntropy;

  std::size_t rows() const { return labels.size(); }
};

struct ClippedSum {
  double loss = 0;  // summed over the rows, unclipped: for the site's own screen
  // Σ over units of factor · Σ over its rows of ‖gradient‖: what the rounding of a float sum of these rows
  // grows with. At most the clip a unit of one row.
  double mass = 0;
};

// Takes a gradient over the exchanged parameters in pieces small enough for a cache, so that a gradient the
// size of a model is nowhere written down.
class GradientSink {
 public:
  virtual ~GradientSink() = default;
  // Those of the parameters from `offset` on. Pieces come in arena order, each coordinate once. A piece is
  // scratch, which the sink may overwrite; it may already change the parameters the piece belongs to.
  virtual void Take(std::size_t offset, std::span<float> gradients) = 0;
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

  // Makes ready to sum every unit's gradient of its rows' summed loss, scaled to a Euclidean norm of at most
  // `clip`. Norms are computed in double without any unit's gradient being written down where that is cheaper
  // (ghost norms: Li et al., arXiv 2110.05679; book-keeping: Bu et al., arXiv 2210.00038). A unit whose
  // gradient is not finite adds nothing. At most most_unit_rows() rows.
  virtual Result<ClippedSum> ClipUnits(const UnitBatch& batch, double clip) = 0;
  // That sum, of the last ClipUnits. Neither of the two touches gradients().
  virtual Status StreamClippedSum(GradientSink& sink) = 0;
  // Adds it to `sum`, every product and sum in double. Slow: for batches whose float sum would round too
  // much.
  virtual Status AddClippedSum(std::span<double> sum) = 0;
  virtual std::size_t most_unit_rows() const = 0;

  // Evaluation mode: no dropout. rows · outputs() logits.
  virtual Status ComputeLogits(std::size_t rows, std::span<float> logits) = 0;
};

}  // namespace cairn

#pragma once

#include <optional>
#include <span>
#include <vector>

#include "client/learning/batch_engine.h"
#include "client/learning/conv_gradients.h"
#include "client/learning/torch/layer_ops.h"
#include "client/learning/unit_norms.h"

namespace cairn {

// Runs the first layers of a stack so that every unit's gradient can be clipped. Autograd stops at each layer
// that learns: its inputs and the gradients by its outputs are kept, and its own gradient is made by hand. A
// convolution's is written down row by row (conv_gradients.h), a dense layer's never (unit_norms.h).
//
//   x = layers.Forward(features, batch);   // then the loss, or more layers
//   layers.Backward(gradient by x, norms);
//   norms.Clip(clip);
//   layers.Scale(norms);
//   layers.Stream(sink, arena, norms);
//
// Throws what LibTorch throws. Not thread-safe.
class ClippedLayers {
 public:
  // Both must outlive it.
  ClippedLayers(std::span<const Layer> layers, std::span<const LayerTensors> tensors);

  at::Tensor Forward(const at::Tensor& features, const UnitBatch& batch);
  void Backward(at::Tensor gradient, UnitNorms& norms);
  void Scale(const UnitNorms& norms);
  // Hands over the clipped sum; the layers' gradients lie in `arena`, which tells the offsets.
  void Stream(GradientSink& sink, std::span<const float> arena, const UnitNorms& norms);
  // Adds it to `sum` in double.
  void AddTo(std::span<double> sum, std::span<const float> arena, const UnitNorms& norms);

  // Rows whose written-down gradients stay within 4 MiB, at most 64.
  std::size_t most_rows() const;

 private:
  // A layer that learns, or has tensors, and those without behind it.
  struct Stage {
    std::size_t first = 0, end = 0;  // of the layers
    bool has_tensors = false;
    at::Tensor input, sums, output;  // of the last Forward
    at::Tensor deltas;               // gradient by `sums`
    std::optional<ConvGradients> conv;
  };
  bool Learns(const Stage& stage) const;
  void Measure(Stage& stage, UnitNorms& norms);
  at::Tensor PullBack(const Stage& stage) const;

  std::span<const Layer> layers_;
  std::span<const LayerTensors> tensors_;
  std::vector<Stage> stages_;
  std::size_t lowest_ = 0;  // the first stage that learns
  std::vector<float> sum_;  // of one tensor, on its way out
};

}  // namespace cairn

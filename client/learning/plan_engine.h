#pragma once

#include <memory>
#include <vector>

#include "client/learning/batch_engine.h"
#include "client/learning/dense_kernels.h"
#include "client/learning/layer_stack.h"
#include "client/learning/unit_norms.h"
#include "core/tensor/parameter_set.h"

namespace cairn {

// A hand-written forward and backward of dense stacks: each dense layer with the ReLU and dropout
// behind it is one stage, buffers and offsets are resolved once, plain SGD goes straight into the
// weights, and no step allocates. No LibTorch. Its oracle in tests is the autograd engine.
class PlanEngine final : public BatchEngine {
 public:
  // True for stacks of dense, ReLU and dropout layers that end in a dense one.
  static bool Supports(const LayerStack& stack);
  // `state` must hold the stack's tensors, stay where it is and outlive the engine. As the dense tail
  // of a longer net the engine also works out the gradient by its inputs.
  enum class InputGradient : bool { kNone, kWanted };
  PlanEngine(const LayerStack& stack, ParameterSet& state,
             InputGradient input_gradient = InputGradient::kNone);

  std::int64_t inputs() const override { return static_cast<std::int64_t>(stages_.front().in); }
  std::int64_t outputs() const override { return static_cast<std::int64_t>(stages_.back().out); }
  Status Reserve(std::size_t rows) override;
  std::span<float> features() override { return features_; }
  Result<double> ComputeGradients(const TrainBatch& batch) override;
  std::span<float> gradients() override { return gradients_; }
  bool has_fused_sgd() const override { return true; }
  Result<double> StepSgd(const TrainBatch& batch, float lr) override;
  Result<ClippedSum> ClipUnits(const UnitBatch& batch, double clip) override;
  Status StreamClippedSum(GradientSink& sink) override;
  Status AddClippedSum(std::span<double> sum) override;
  std::size_t most_unit_rows() const override { return 128; }
  Status ComputeLogits(std::size_t rows, std::span<float> logits) override;

  // Of the last step, rows · inputs() floats, where wanted.
  std::span<float> input_gradient() { return input_gradient_; }

  // ClipUnits in two halves, for a net whose other layers add to the norms in between. The first gives the
  // summed loss, the input gradient not yet clipped, and adds to `norms`, which were started on batch.ends.
  double StartClip(const UnitBatch& batch, UnitNorms& norms);
  void FinishClip(const UnitNorms& norms);

 private:
  struct Tensor {
    float* values = nullptr;    // null: there is none
    float* gradient = nullptr;  // null: frozen
  };
  struct Stage {
    std::size_t in = 0, out = 0;
    Tensor weight, bias;
    bool relu = false;
    double dropout = 0;
    std::vector<float> output, delta, mask;  // rows × out
  };

  Tensor Bind(ParameterSet& state, const std::string& name);
  float* Input(std::size_t stage) { return stage == 0 ? features_.data() : stages_[stage - 1].output.data(); }
  // fill(rate, mask) draws the mask of one stage, `out` numbers a row.
  template <class FillMask>
  void ForwardLayers(std::size_t rows, const FillMask& fill);
  double Forward(const TrainBatch& batch);
  void Infer(std::size_t rows);
  void PullBack(std::size_t stage, std::size_t rows);
  void Backward(std::size_t rows, const float* fused_lr);
  void Learn(Stage& stage, const float* input, std::size_t rows, const float* fused_lr);
  void StreamWeight(std::size_t stage, GradientSink& sink);
  void StreamBias(std::size_t stage, GradientSink& sink);

  const DenseKernels& kernels_;
  std::vector<Stage> stages_;
  std::size_t lowest_ = 0;  // gradients flow down to this stage
  bool wants_input_gradient_ = false;
  std::size_t capacity_ = 0;
  std::size_t clipped_rows_ = 0;  // of the last ClipUnits
  UnitNorms norms_;
  std::vector<float> features_, gradients_, input_gradient_, piece_;
};

}  // namespace cairn

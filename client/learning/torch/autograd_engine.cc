#include "client/learning/torch/autograd_engine.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/learning/dense_kernels.h"
#include "client/learning/loss.h"
#include "client/learning/plan_engine.h"
#include "client/learning/torch/clipped_layers.h"
#include "client/learning/torch/compat.h"
#include "client/learning/torch/layer_ops.h"
#include "core/base/check.h"

namespace cairn {
namespace {

class AutogradEngine final : public BatchEngine {
 public:
  AutogradEngine(const LayerStack& stack, ParameterSet& state, DenseTail tail)
      : stack_(stack), head_(stack.layers.size()) {
    if (tail == DenseTail::kPlanned) PlanTail(state);
    gradients_.resize(tail_ ? 0 : static_cast<std::size_t>(state.spec().exchanged(Role::kParameter)));
    for (const Layer& layer : stack_.layers) {
      LayerTensors tensors;
      if (layer.has_tensors()) View(state, layer.name + ".weight", tensors.weight, tensors.weight_gradient);
      if (layer.has_tensors() && layer.bias)
        View(state, layer.name + ".bias", tensors.bias, tensors.bias_gradient);
      tensors_.push_back(std::move(tensors));
    }
    clipped_.emplace(std::span(stack_.layers).first(head_), std::span(tensors_).first(head_));
  }

  std::int64_t inputs() const override { return stack_.input_size(); }
  std::int64_t outputs() const override { return stack_.outputs(); }
  std::span<float> features() override { return features_; }
  std::span<float> gradients() override { return tail_ ? tail_->gradients() : std::span<float>(gradients_); }
  bool has_fused_sgd() const override { return tail_ != nullptr; }

  Status Reserve(std::size_t rows) override {
    UseOneThreadAnOperation();
    if (rows * static_cast<std::size_t>(inputs()) > features_.size()) {
      features_.resize(rows * static_cast<std::size_t>(inputs()));
    }
    return tail_ ? tail_->Reserve(rows) : Status();
  }

  Result<double> ComputeGradients(const TrainBatch& batch) override {
    return CatchTorch([&]() -> Result<double> {
      if (tail_) return ThroughTail(batch, nullptr);
      ClearGradients();
      at::AutoGradMode enabled(true);
      const at::Tensor logits = Forward(batch.rows, batch.dropout);
      const at::Tensor loss = LossOf(batch, logits);
      if (loss.requires_grad()) loss.backward();
      return loss.item<double>();
    });
  }

  Result<double> StepSgd(const TrainBatch& batch, float lr) override {
    return CatchTorch([&]() -> Result<double> {
      CAIRN_ASSIGN_OR_RETURN(const double loss, ThroughTail(batch, &lr));
      for (const Trained& t : trained_) {
        for (std::size_t i = 0; i < t.weights.size(); ++i) t.weights[i] -= lr * t.gradients[i];
      }
      return loss;
    });
  }

  Result<ClippedSum> ClipUnits(const UnitBatch& batch, double clip) override {
    return CatchTorch([&]() -> Result<ClippedSum> {
      norms_.Start(batch.ends);
      const at::Tensor middle = clipped_->Forward(Features(batch.rows()), batch);
      const double loss = tail_ ? StartTail(batch, middle) : StartLoss(batch, middle);
      const double mass = norms_.Clip(clip);
      clipped_->Scale(norms_);
      if (tail_) tail_->FinishClip(norms_);
      return ClippedSum{loss, mass};
    });
  }

  Status StreamClippedSum(GradientSink& sink) override {
    return CatchTorch([&]() -> Status {
      clipped_->Stream(sink, gradients(), norms_);
      return tail_ ? tail_->StreamClippedSum(sink) : Status();
    });
  }

  Status AddClippedSum(std::span<double> sum) override {
    return CatchTorch([&]() -> Status {
      clipped_->AddTo(sum, gradients(), norms_);
      return tail_ ? tail_->AddClippedSum(sum) : Status();
    });
  }

  std::size_t most_unit_rows() const override {
    return tail_ ? std::min(tail_->most_unit_rows(), clipped_->most_rows()) : clipped_->most_rows();
  }

  Status ComputeLogits(std::size_t rows, std::span<float> logits) override {
    return CatchTorch([&]() -> Status {
      c10::InferenceMode inference;
      at::Tensor x = Features(rows);
      for (std::size_t i = 0; i < stack_.layers.size(); ++i) {
        const Layer& layer = stack_.layers[i];
        x = layer.kind == LayerKind::kDense ? RunDense(tensors_[i], x)
                                            : ApplyLayer(layer, tensors_[i], x, {});
      }
      const at::Tensor out = x.contiguous();
      std::copy_n(out.data_ptr<float>(), out.numel(), logits.begin());
      return {};
    });
  }

 private:
  struct Trained {  // by autograd
    std::span<float> weights, gradients;
  };

  // Hands the layers from the first dense one on to a plan, unless it cannot run them.
  void PlanTail(ParameterSet& state) {
    std::size_t first = 0;
    while (first < stack_.layers.size() && stack_.layers[first].kind != LayerKind::kDense) ++first;
    if (first == stack_.layers.size()) return;
    LayerStack tail{.input = {ElementsOf(stack_.layers[first].input)}, .layers = {}};
    tail.layers.assign(stack_.layers.begin() + static_cast<std::ptrdiff_t>(first), stack_.layers.end());
    if (!PlanEngine::Supports(tail)) return;
    tail_ = std::make_unique<PlanEngine>(tail, state, PlanEngine::InputGradient::kWanted);
    head_ = first;
  }

  void ClearGradients() {
    for (const Trained& t : trained_) std::fill(t.gradients.begin(), t.gradients.end(), 0.0f);
  }

  // Autograd up to the tail, the plan through it and back, autograd the rest of the way.
  Result<double> ThroughTail(const TrainBatch& batch, const float* lr) {
    at::AutoGradMode enabled(true);
    const at::Tensor middle = Forward(batch.rows, batch.dropout);
    const at::Tensor values = middle.detach().contiguous();
    std::copy_n(values.data_ptr<float>(), values.numel(), tail_->features().begin());
    Result<double> loss = lr != nullptr ? tail_->StepSgd(batch, *lr) : tail_->ComputeGradients(batch);
    if (!loss.ok() || !middle.requires_grad()) return loss;
    ClearGradients();
    middle.backward(at::from_blob(tail_->input_gradient().data(), middle.sizes(), at::kFloat));
    return loss;
  }

  double StartTail(const UnitBatch& batch, const at::Tensor& middle) {
    std::copy_n(middle.data_ptr<float>(), middle.numel(), tail_->features().begin());
    const double loss = tail_->StartClip(batch, norms_);
    clipped_->Backward(at::from_blob(tail_->input_gradient().data(), middle.sizes(), at::kFloat), norms_);
    return loss;
  }

  double StartLoss(const UnitBatch& batch, const at::Tensor& logits) {
    at::Tensor gradient = at::empty_like(logits);
    const auto count = static_cast<std::size_t>(logits.numel());
    const double loss = SumLossAndGradient(batch.loss, {logits.data_ptr<float>(), count}, batch.labels,
                                           {gradient.data_ptr<float>(), count});
    clipped_->Backward(gradient, norms_);
    return loss;
  }

  // A leaf over the arena; where it is trained, its gradient views the gradient arena, into which
  // backward adds in place.
  void View(ParameterSet& state, const std::string& name, at::Tensor& view, std::span<float>& gradient) {
    const std::size_t index = state.spec().Find(name);
    CAIRN_CHECK(index < state.spec().tensors().size(), "the state holds every tensor of its stack");
    const TensorSpec& spec = state.spec().tensors()[index];
    view = at::from_blob(state.tensor(index).data(), spec.shape, at::kFloat);
    if (spec.scope != Scope::kExchanged) return;
    view.requires_grad_(true);
    const auto offset = static_cast<std::size_t>(state.spec().offset(index));
    gradient = gradients().subspan(offset, state.tensor(index).size());
    view.mutable_grad() = at::from_blob(gradient.data(), spec.shape, at::kFloat);
    if (tensors_.size() < head_)
      trained_.push_back({state.tensor(index), gradient});  // of the layer being bound
  }

  at::Tensor LossOf(const TrainBatch& batch, const at::Tensor& logits) {
    const auto rows = static_cast<std::int64_t>(batch.rows);
    auto* labels = const_cast<std::int64_t*>(batch.labels.data());  // from_blob takes no const; only read
    const at::Tensor target = at::from_blob(labels, {rows}, at::kLong);
    if (batch.loss == Loss::kCrossEntropy) return at::cross_entropy_loss(logits, target);
    return at::binary_cross_entropy_with_logits(logits.view({rows}), target.to(at::kFloat));
  }

  at::Tensor Features(std::size_t rows) {
    std::vector<std::int64_t> shape = {static_cast<std::int64_t>(rows)};
    shape.insert(shape.end(), stack_.input.begin(), stack_.input.end());
    return at::from_blob(features_.data(), shape, at::kFloat);
  }

  // All layers, or those before the tail. Trains, with dropout, when given a stream: never LibTorch's
  // generator, which is shared between threads.
  at::Tensor Forward(std::size_t rows, RandomStream* dropout) {
    DrawMask draw;
    if (dropout != nullptr) {
      draw = [dropout](double rate, const at::Tensor& like) {
        at::Tensor mask = at::empty(like.sizes(), at::kFloat);
        FillDropoutMask(*dropout, rate, {mask.data_ptr<float>(), static_cast<std::size_t>(mask.numel())});
        return mask;
      };
    }
    at::Tensor x = Features(rows);
    for (std::size_t i = 0; i < head_; ++i) x = ApplyLayer(stack_.layers[i], tensors_[i], x, draw);
    return x;
  }

  const LayerStack stack_;
  std::size_t head_;  // layers that autograd runs
  std::unique_ptr<PlanEngine> tail_;
  std::vector<LayerTensors> tensors_;
  std::optional<ClippedLayers> clipped_;  // of the layers that autograd runs
  UnitNorms norms_;
  std::vector<Trained> trained_;
  std::vector<float> features_, gradients_;
};

}  // namespace

Result<std::unique_ptr<BatchEngine>> NewAutogradEngine(const LayerStack& stack, ParameterSet& state,
                                                       DenseTail tail) {
  return CatchTorch([&]() -> Result<std::unique_ptr<BatchEngine>> {
    return std::unique_ptr<BatchEngine>(std::make_unique<AutogradEngine>(stack, state, tail));
  });
}

}  // namespace cairn

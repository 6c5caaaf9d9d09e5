#include "client/learning/plan_engine.h"

#include <algorithm>
#include <string>

#include "client/learning/loss.h"
#include "core/base/check.h"

namespace cairn {
namespace {

constexpr std::size_t kPiece = 4800;     // floats of a gradient made at a time
constexpr std::size_t kTileOutputs = 6;  // of the widest kernels

}  // namespace

bool PlanEngine::Supports(const LayerStack& stack) {
  if (stack.layers.empty() || stack.layers.front().kind != LayerKind::kDense ||
      stack.layers.back().kind != LayerKind::kDense) {
    return false;
  }
  for (std::size_t i = 1; i < stack.layers.size(); ++i) {
    const LayerKind kind = stack.layers[i].kind, before = stack.layers[i - 1].kind;
    const bool known = kind == LayerKind::kDense ||
                       (kind == LayerKind::kRelu && before == LayerKind::kDense) ||
                       (kind == LayerKind::kDropout && before != LayerKind::kDropout);
    if (!known) return false;
  }
  return true;
}

PlanEngine::PlanEngine(const LayerStack& stack, ParameterSet& state, InputGradient input_gradient)
    : kernels_(BestDenseKernels()), wants_input_gradient_(input_gradient == InputGradient::kWanted) {
  CAIRN_CHECK(Supports(stack), "the plan has a stage for every layer");
  gradients_.resize(static_cast<std::size_t>(state.spec().exchanged(Role::kParameter)));
  for (const Layer& layer : stack.layers) {
    if (layer.kind == LayerKind::kDense) {
      Stage& stage = stages_.emplace_back();
      stage.in = static_cast<std::size_t>(ElementsOf(layer.input));
      stage.out = static_cast<std::size_t>(layer.output[0]);
      stage.weight = Bind(state, layer.name + ".weight");
      if (layer.bias) stage.bias = Bind(state, layer.name + ".bias");
    } else if (layer.kind == LayerKind::kRelu) {
      stages_.back().relu = true;
    } else {
      stages_.back().dropout = layer.rate;
    }
  }
  const auto learns = [](const Stage& s) {
    return s.weight.gradient != nullptr || s.bias.gradient != nullptr;
  };
  if (!wants_input_gradient_)
    lowest_ =
        static_cast<std::size_t>(std::find_if(stages_.begin(), stages_.end(), learns) - stages_.begin());
}

PlanEngine::Tensor PlanEngine::Bind(ParameterSet& state, const std::string& name) {
  const std::size_t index = state.spec().Find(name);
  CAIRN_CHECK(index < state.spec().tensors().size(), "the state holds every tensor of its stack");
  const bool frozen = state.spec().tensors()[index].scope == Scope::kLocal;
  return {state.tensor(index).data(), frozen ? nullptr : gradients_.data() + state.spec().offset(index)};
}

Status PlanEngine::Reserve(std::size_t rows) {
  if (rows <= capacity_) return {};
  capacity_ = rows;
  features_.resize(rows * stages_.front().in);
  if (wants_input_gradient_) input_gradient_.resize(features_.size());
  for (Stage& stage : stages_) {
    stage.output.resize(rows * stage.out);
    stage.delta.resize(rows * stage.out);
    if (stage.dropout > 0) stage.mask.resize(rows * stage.out);
  }
  return {};
}

void PlanEngine::Infer(std::size_t rows) {
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    Stage& stage = stages_[s];
    kernels_.forward(Input(s), stage.weight.values, stage.bias.values, stage.output.data(), rows, stage.in,
                     stage.out);
    if (!stage.relu) continue;
    for (float& y : std::span(stage.output).first(rows * stage.out)) y = y < 0 ? 0 : y;  // NaN stays
  }
}

template <class FillMask>
void PlanEngine::ForwardLayers(std::size_t rows, const FillMask& fill) {
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    Stage& stage = stages_[s];
    const std::size_t count = rows * stage.out;
    kernels_.forward(Input(s), stage.weight.values, stage.bias.values, stage.output.data(), rows, stage.in,
                     stage.out);
    float* const y = stage.output.data();
    if (stage.relu) {
      for (std::size_t i = 0; i < count; ++i) y[i] = y[i] < 0 ? 0 : y[i];
    }
    if (stage.dropout > 0) {
      fill(stage.dropout, stage.out, std::span(stage.mask).first(count));
      for (std::size_t i = 0; i < count; ++i) y[i] *= stage.mask[i];
    }
  }
}

double PlanEngine::Forward(const TrainBatch& batch) {
  ForwardLayers(batch.rows, [&](double rate, std::size_t, std::span<float> mask) {
    FillDropoutMask(*batch.dropout, rate, mask);
  });
  Stage& last = stages_.back();
  const std::size_t count = batch.rows * last.out;
  return MeanLossAndGradient(batch.loss, std::span(last.output).first(count), batch.labels,
                             std::span(last.delta).first(count));
}

// Writes the gradients of one stage, or with fused_lr takes its step: the deltas, scaled by −lr in
// place, make the update one product into the weights.
void PlanEngine::Learn(Stage& stage, const float* input, std::size_t rows, const float* fused_lr) {
  float* const delta = stage.delta.data();
  if (fused_lr != nullptr) {
    for (std::size_t i = 0; i < rows * stage.out; ++i) delta[i] *= -*fused_lr;
  }
  const bool add = fused_lr != nullptr;
  if (stage.weight.gradient != nullptr) {
    float* const target = add ? stage.weight.values : stage.weight.gradient;
    kernels_.outer(delta, stage.out, input, target, rows, stage.in, stage.out, add);
  }
  if (stage.bias.gradient != nullptr) {
    float* const target = add ? stage.bias.values : stage.bias.gradient;
    if (!add) std::fill(target, target + stage.out, 0.0f);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t o = 0; o < stage.out; ++o) target[o] += delta[r * stage.out + o];
    }
  }
}

// Turns the gradients by what a stage put out into those by its sums, and hands them to the stage below.
void PlanEngine::PullBack(std::size_t s, std::size_t rows) {
  Stage& stage = stages_[s];
  const std::size_t count = rows * stage.out;
  float* const delta = stage.delta.data();
  if (stage.dropout > 0) {
    for (std::size_t i = 0; i < count; ++i) delta[i] *= stage.mask[i];
  }
  if (stage.relu) {
    for (std::size_t i = 0; i < count; ++i) delta[i] = stage.output[i] > 0 ? delta[i] : 0;
  }
  if (s == lowest_ && !wants_input_gradient_) return;
  float* const below = s > 0 ? stages_[s - 1].delta.data() : input_gradient_.data();
  kernels_.backward_input(delta, stage.weight.values, below, rows, stage.in, stage.out);
}

void PlanEngine::Backward(std::size_t rows, const float* fused_lr) {
  for (std::size_t s = stages_.size(); s-- > lowest_;) {
    PullBack(s, rows);  // before the weights change
    Learn(stages_[s], Input(s), rows, fused_lr);
  }
}

double PlanEngine::StartClip(const UnitBatch& batch, UnitNorms& norms) {
  clipped_rows_ = batch.rows();
  ForwardLayers(batch.rows(), [&](double rate, std::size_t out, std::span<float> mask) {
    std::size_t begin = 0;
    for (std::size_t u = 0; u < batch.ends.size(); ++u) {
      FillDropoutMask(batch.dropout[u], rate, mask.subspan(begin * out, (batch.ends[u] - begin) * out));
      begin = batch.ends[u];
    }
  });
  Stage& last = stages_.back();
  const std::size_t count = batch.rows() * last.out;
  const double loss = SumLossAndGradient(batch.loss, std::span(last.output).first(count), batch.labels,
                                         std::span(last.delta).first(count));
  for (std::size_t s = stages_.size(); s-- > lowest_;) {
    PullBack(s, batch.rows());
    const Stage& stage = stages_[s];
    norms.AddDense({.inputs = Input(s),
                    .in = stage.in,
                    .deltas = stage.delta.data(),
                    .out = stage.out,
                    .weight = stage.weight.gradient != nullptr,
                    .bias = stage.bias.gradient != nullptr});
  }
  return loss;
}

void PlanEngine::FinishClip(const UnitNorms& norms) {
  for (std::size_t s = lowest_; s < stages_.size(); ++s) {
    Stage& stage = stages_[s];
    norms.Scale(stage.delta.data(), stage.out, Input(s), stage.in);
  }
}

Result<ClippedSum> PlanEngine::ClipUnits(const UnitBatch& batch, double clip) {
  norms_.Start(batch.ends);
  const double loss = StartClip(batch, norms_);
  const double mass = norms_.Clip(clip);
  FinishClip(norms_);
  return ClippedSum{loss, mass};
}

Status PlanEngine::StreamClippedSum(GradientSink& sink) {
  for (std::size_t s = lowest_; s < stages_.size(); ++s) {
    if (stages_[s].weight.gradient != nullptr) StreamWeight(s, sink);
    if (stages_[s].bias.gradient != nullptr) StreamBias(s, sink);
  }
  return {};
}

// Outputs by whole register tiles, few enough for the first caches: inputs are read once for each of them.
void PlanEngine::StreamWeight(std::size_t s, GradientSink& sink) {
  const Stage& stage = stages_[s];
  const auto offset = static_cast<std::size_t>(stage.weight.gradient - gradients_.data());
  const std::size_t most =
      std::min(std::max(kPiece / stage.in / kTileOutputs, std::size_t{1}) * kTileOutputs, stage.out);
  if (piece_.size() < most * stage.in) piece_.resize(most * stage.in);
  for (std::size_t o = 0; o < stage.out; o += most) {
    const std::size_t count = std::min(most, stage.out - o);
    kernels_.outer(stage.delta.data() + o, stage.out, Input(s), piece_.data(), clipped_rows_, stage.in, count,
                   false);
    sink.Take(offset + o * stage.in, std::span(piece_).first(count * stage.in));
  }
}

void PlanEngine::StreamBias(std::size_t s, GradientSink& sink) {
  const Stage& stage = stages_[s];
  piece_.resize(std::max(piece_.size(), stage.out));
  const std::span<float> sums = std::span(piece_).first(stage.out);
  std::ranges::fill(sums, 0.0f);
  for (std::size_t r = 0; r < clipped_rows_; ++r) {
    for (std::size_t o = 0; o < stage.out; ++o) sums[o] += stage.delta[r * stage.out + o];
  }
  sink.Take(static_cast<std::size_t>(stage.bias.gradient - gradients_.data()), sums);
}

Status PlanEngine::AddClippedSum(std::span<double> sum) {
  for (std::size_t s = lowest_; s < stages_.size(); ++s) {
    const Stage& stage = stages_[s];
    const float* const delta = stage.delta.data();
    const float* const input = Input(s);
    const auto target = [&](const float* gradient) { return sum.data() + (gradient - gradients_.data()); };
    for (std::size_t r = 0; r < clipped_rows_; ++r) {
      for (std::size_t o = 0; o < stage.out; ++o) {
        const double b = delta[r * stage.out + o];
        if (b == 0) continue;
        if (stage.bias.gradient != nullptr) target(stage.bias.gradient)[o] += b;
        if (stage.weight.gradient == nullptr) continue;
        double* const row = target(stage.weight.gradient) + o * stage.in;
        const float* const a = input + r * stage.in;
        for (std::size_t i = 0; i < stage.in; ++i) row[i] += b * double{a[i]};
      }
    }
  }
  return {};
}

Result<double> PlanEngine::ComputeGradients(const TrainBatch& batch) {
  const double loss = Forward(batch);
  Backward(batch.rows, nullptr);
  return loss;
}

Result<double> PlanEngine::StepSgd(const TrainBatch& batch, float lr) {
  const double loss = Forward(batch);
  Backward(batch.rows, &lr);
  return loss;
}

Status PlanEngine::ComputeLogits(std::size_t rows, std::span<float> logits) {
  Infer(rows);
  const Stage& last = stages_.back();
  std::copy_n(last.output.begin(), rows * last.out, logits.begin());
  return {};
}

}  // namespace cairn

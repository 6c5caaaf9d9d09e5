#include "client/learning/torch/clipped_layers.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "client/learning/loss.h"

namespace cairn {
namespace {

std::size_t SizeOf(const at::Tensor& tensor) { return static_cast<std::size_t>(tensor.numel()); }
std::size_t RowSize(const at::Tensor& tensor) {
  return SizeOf(tensor) / static_cast<std::size_t>(tensor.size(0));
}

at::Tensor SumOver(const at::Tensor& tensor, std::int64_t dimension) {
  const std::int64_t dimensions[] = {dimension};
  return tensor.sum(at::IntArrayRef(dimensions));
}

at::Tensor View(std::span<float> values, at::IntArrayRef shape) {
  return at::from_blob(values.data(), shape, at::kFloat);
}

// A mask whose rows come from the streams of their units.
at::Tensor UnitMask(const UnitBatch& batch, double rate, const at::Tensor& like) {
  at::Tensor mask = at::empty(like.sizes(), at::kFloat);
  const std::size_t width = RowSize(mask);
  std::size_t begin = 0;
  for (std::size_t u = 0; u < batch.ends.size(); ++u) {
    FillDropoutMask(batch.dropout[u], rate,
                    {mask.data_ptr<float>() + begin * width, (batch.ends[u] - begin) * width});
    begin = batch.ends[u];
  }
  return mask;
}

// Σ over rows of factor · gradient. A row of factor 0 may hold what is not finite.
void SumRows(const UnitNorms& norms, at::Tensor& rows, std::span<float> out) {
  at::Tensor factors = at::empty({1, rows.size(0)}, at::kFloat);
  for (std::size_t u = 0; u < norms.units(); ++u) {
    for (std::size_t r = norms.begin(u); r < norms.end(u); ++r) {
      factors.data_ptr<float>()[r] = norms.factors()[u];
      if (norms.factors()[u] == 0) rows[static_cast<std::int64_t>(r)].zero_();
    }
  }
  at::Tensor sum = at::from_blob(out.data(), {1, static_cast<std::int64_t>(out.size())}, at::kFloat);
  at::mm_out(sum, factors, rows.view({rows.size(0), -1}));
}

void AddRows(const UnitNorms& norms, const at::Tensor& rows, double* out) {
  const std::size_t size = RowSize(rows);
  for (std::size_t u = 0; u < norms.units(); ++u) {
    const double factor = norms.factors()[u];
    for (std::size_t r = norms.begin(u); factor > 0 && r < norms.end(u); ++r) {
      const float* const row = rows.data_ptr<float>() + r * size;
      for (std::size_t i = 0; i < size; ++i) out[i] += factor * double{row[i]};
    }
  }
}

}  // namespace

ClippedLayers::ClippedLayers(std::span<const Layer> layers, std::span<const LayerTensors> tensors)
    : layers_(layers), tensors_(tensors) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (i == 0 || layers[i].has_tensors()) {
      Stage& stage = stages_.emplace_back();
      stage.first = i;
      stage.has_tensors = layers[i].has_tensors();
    }
    stages_.back().end = i + 1;
  }
  lowest_ = static_cast<std::size_t>(
      std::ranges::find_if(stages_, [&](const Stage& stage) { return Learns(stage); }) - stages_.begin());
}

bool ClippedLayers::Learns(const Stage& stage) const {
  const LayerTensors& tensors = tensors_[stage.first];
  return stage.has_tensors && !(tensors.weight_gradient.empty() && tensors.bias_gradient.empty());
}

std::size_t ClippedLayers::most_rows() const {
  constexpr std::size_t kFloats = std::size_t{1} << 20, kMost = 64;
  std::size_t written = 1;
  for (const Stage& stage : stages_) {
    if (layers_[stage.first].kind == LayerKind::kConv2d)
      written += tensors_[stage.first].weight_gradient.size();
  }
  return std::clamp(kFloats / written, std::size_t{1}, kMost);
}

at::Tensor ClippedLayers::Forward(const at::Tensor& features, const UnitBatch& batch) {
  const DrawMask mask = [&](double rate, const at::Tensor& like) { return UnitMask(batch, rate, like); };
  at::Tensor x = features;
  for (Stage& stage : stages_) {
    std::size_t i = stage.first;
    stage.input = x;
    if (stage.has_tensors) {
      at::NoGradGuard no_grad;
      stage.sums = ApplyLayer(layers_[i], tensors_[i], x, mask).contiguous();
      ++i;
    } else {
      stage.sums = x.detach();
    }
    at::AutoGradMode enabled(true);
    stage.sums.requires_grad_(true);
    stage.output = stage.sums;
    for (; i < stage.end; ++i) stage.output = ApplyLayer(layers_[i], tensors_[i], stage.output, mask);
    x = stage.output.detach().contiguous();
  }
  return x;
}

void ClippedLayers::Backward(at::Tensor gradient, UnitNorms& norms) {
  for (std::size_t s = stages_.size(); s-- > lowest_;) {
    Stage& stage = stages_[s];
    stage.output.backward(gradient.contiguous().view(stage.output.sizes()));
    stage.deltas = stage.sums.grad().contiguous();
    stage.sums = stage.output = at::Tensor();  // what only the way back needed
    if (Learns(stage)) Measure(stage, norms);
    if (s > lowest_) gradient = PullBack(stage);
  }
}

void ClippedLayers::Measure(Stage& stage, UnitNorms& norms) {
  const LayerTensors& tensors = tensors_[stage.first];
  const Layer& layer = layers_[stage.first];
  if (layer.kind == LayerKind::kDense) {
    stage.input = stage.input.flatten(1).contiguous();
    norms.AddDense({.inputs = stage.input.data_ptr<float>(),
                    .in = RowSize(stage.input),
                    .deltas = stage.deltas.data_ptr<float>(),
                    .out = RowSize(stage.deltas),
                    .weight = !tensors.weight_gradient.empty(),
                    .bias = !tensors.bias_gradient.empty()});
    return;
  }
  const at::Tensor deltas = stage.deltas.flatten(2);  // rows × out × positions
  if (!tensors.weight_gradient.empty()) {
    // Row by row: the patches of one image stay in the cache, and a batch's would be the largest tensor of
    // all.
    if (!stage.patches.defined()) stage.patches = at::empty({0}, at::kFloat);
    const std::int64_t rows = deltas.size(0), out = deltas.size(1), in = tensors.weight[0].numel();
    if (!stage.row_gradients.defined() || stage.row_gradients.size(0) != rows)
      stage.row_gradients = at::empty({rows, out, in}, at::kFloat);
    for (std::int64_t r = 0; r < rows; ++r) {
      at::im2col_out(stage.patches, stage.input[r], {layer.kernel, layer.kernel}, {1, 1},
                     {layer.pad, layer.pad}, {1, 1});
      at::Tensor gradient = stage.row_gradients[r];
      at::mm_out(gradient, deltas[r], stage.patches.t());
    }
    norms.AddExplicit(stage.row_gradients.data_ptr<float>(), RowSize(stage.row_gradients));
  }
  if (!tensors.bias_gradient.empty()) {
    stage.bias_gradients = SumOver(deltas, 2).contiguous();
    norms.AddExplicit(stage.bias_gradients.data_ptr<float>(), RowSize(stage.bias_gradients));
  }
}

// The gradient by what went into a stage.
at::Tensor ClippedLayers::PullBack(const Stage& stage) const {
  if (!stage.has_tensors) return stage.deltas;
  const Layer& layer = layers_[stage.first];
  const at::Tensor& weight = tensors_[stage.first].weight;
  at::NoGradGuard no_grad;
  if (layer.kind == LayerKind::kDense) return at::mm(stage.deltas, weight);
  return std::get<0>(at::convolution_backward(stage.deltas, stage.input, weight, c10::nullopt, {1, 1},
                                              {layer.pad, layer.pad}, {1, 1}, false, {0, 0}, 1,
                                              {true, false, false}));
}

void ClippedLayers::Scale(const UnitNorms& norms) {
  for (std::size_t s = lowest_; s < stages_.size(); ++s) {
    Stage& stage = stages_[s];
    if (!Learns(stage) || layers_[stage.first].kind != LayerKind::kDense) continue;
    norms.Scale(stage.deltas.data_ptr<float>(), RowSize(stage.deltas), stage.input.data_ptr<float>(),
                RowSize(stage.input));
  }
}

void ClippedLayers::Stream(GradientSink& sink, std::span<const float> arena, const UnitNorms& norms) {
  at::NoGradGuard no_grad;
  for (std::size_t s = lowest_; s < stages_.size(); ++s) {
    Stage& stage = stages_[s];
    if (!Learns(stage)) continue;
    const LayerTensors& tensors = tensors_[stage.first];
    const bool is_dense = layers_[stage.first].kind == LayerKind::kDense;
    const auto give = [&](std::span<float> sum) {
      sink.Take(static_cast<std::size_t>(sum.data() - arena.data()), sum);
    };
    if (!tensors.weight_gradient.empty()) {
      if (is_dense) {
        at::Tensor sum = View(tensors.weight_gradient, tensors.weight.sizes());
        at::mm_out(sum, stage.deltas.t(), stage.input);
      } else {
        SumRows(norms, stage.row_gradients, tensors.weight_gradient);
      }
      give(tensors.weight_gradient);
    }
    if (!tensors.bias_gradient.empty()) {
      if (is_dense) {
        View(tensors.bias_gradient, tensors.bias.sizes()).copy_(SumOver(stage.deltas, 0));
      } else {
        SumRows(norms, stage.bias_gradients, tensors.bias_gradient);
      }
      give(tensors.bias_gradient);
    }
  }
}

void ClippedLayers::AddTo(std::span<double> sum, std::span<const float> arena, const UnitNorms& norms) {
  const auto target = [&](std::span<float> gradient) {
    return sum.data() + (gradient.data() - arena.data());
  };
  for (std::size_t s = lowest_; s < stages_.size(); ++s) {
    const Stage& stage = stages_[s];
    if (!Learns(stage)) continue;
    const LayerTensors& tensors = tensors_[stage.first];
    if (layers_[stage.first].kind == LayerKind::kDense) {
      const at::Tensor deltas = stage.deltas.to(at::kDouble), inputs = stage.input.to(at::kDouble);
      const auto add = [&](std::span<float> gradient, const at::Tensor& values) {
        if (gradient.empty()) return;
        const at::Tensor flat = values.contiguous();
        double* const out = target(gradient);
        for (std::size_t i = 0; i < gradient.size(); ++i) out[i] += flat.data_ptr<double>()[i];
      };
      add(tensors.weight_gradient, at::mm(deltas.t(), inputs));
      add(tensors.bias_gradient, SumOver(deltas, 0));
      continue;
    }
    if (!tensors.weight_gradient.empty())
      AddRows(norms, stage.row_gradients, target(tensors.weight_gradient));
    if (!tensors.bias_gradient.empty()) AddRows(norms, stage.bias_gradients, target(tensors.bias_gradient));
  }
}

}  // namespace cairn

#include "client/learning/torch/clipped_layers.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "client/learning/dense_kernels.h"
#include "client/learning/loss.h"
#include "core/base/check.h"

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

ConvGradients::Layer ConvOf(const Layer& layer, const LayerTensors& tensors) {
  const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  const auto positions = [&](std::int64_t side) { return side + 2 * layer.pad - layer.kernel + 1; };
  CAIRN_CHECK(layer.output[1] == positions(layer.input[1]) && layer.output[2] == positions(layer.input[2]),
              "kernel and padding are all there is to a convolution");
  return {.channels = size(layer.input[0]),
          .height = size(layer.input[1]),
          .width = size(layer.input[2]),
          .outputs = size(layer.output[0]),
          .kernel = size(layer.kernel),
          .pad = size(layer.pad),
          .weight = !tensors.weight_gradient.empty(),
          .bias = !tensors.bias_gradient.empty()};
}

}  // namespace

ClippedLayers::ClippedLayers(std::span<const Layer> layers, std::span<const LayerTensors> tensors)
    : layers_(layers), tensors_(tensors) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (i == 0 || layers[i].has_tensors()) {
      Stage& stage = stages_.emplace_back();
      stage.first = i;
      stage.has_tensors = layers[i].has_tensors();
      if (layers[i].kind == LayerKind::kConv2d) stage.conv.emplace(ConvOf(layers[i], tensors[i]));
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
  // The last lot goes before the next one comes.
  for (Stage& stage : stages_) {
    stage.input = stage.sums = stage.output = stage.deltas = at::Tensor();
    if (stage.conv) stage.conv->Reserve(most_rows());
  }
  at::Tensor x = features;
  for (Stage& stage : stages_) {
    std::size_t i = stage.first;
    stage.input = x;
    if (stage.has_tensors) {
      at::NoGradGuard no_grad;
      stage.sums = layers_[i].kind == LayerKind::kDense
                       ? RunDense(tensors_[i], x)
                       : ApplyLayer(layers_[i], tensors_[i], x, mask).contiguous();
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
  stage.input = stage.input.contiguous();
  stage.conv->Make(stage.input.data_ptr<float>(), stage.deltas.data_ptr<float>(),
                   static_cast<std::size_t>(stage.input.size(0)));
  stage.conv->AddNorms(norms);
}

// The gradient by what went into a stage.
at::Tensor ClippedLayers::PullBack(const Stage& stage) const {
  if (!stage.has_tensors) return stage.deltas;
  const Layer& layer = layers_[stage.first];
  const at::Tensor& weight = tensors_[stage.first].weight;
  at::NoGradGuard no_grad;
  if (layer.kind == LayerKind::kDense) {
    at::Tensor gradient = at::empty({stage.deltas.size(0), weight.size(1)}, at::kFloat);
    BestDenseKernels().backward_input(
        stage.deltas.data_ptr<float>(), weight.data_ptr<float>(), gradient.data_ptr<float>(),
        static_cast<std::size_t>(stage.deltas.size(0)), RowSize(gradient), RowSize(stage.deltas));
    return gradient;
  }
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
    // make(sum) where the gradient learns, which lies at `gradient` in the arena
    const auto give = [&](std::span<float> gradient, const auto& make) {
      if (gradient.empty()) return;
      sum_.resize(std::max(sum_.size(), gradient.size()));
      const std::span<float> sum = std::span(sum_).first(gradient.size());
      make(sum);
      sink.Take(static_cast<std::size_t>(gradient.data() - arena.data()), sum);
    };
    if (is_dense) {
      give(tensors.weight_gradient, [&](std::span<float> sum) {
        const std::size_t in = RowSize(stage.input), out = RowSize(stage.deltas);
        BestDenseKernels().outer(stage.deltas.data_ptr<float>(), out, stage.input.data_ptr<float>(),
                                 sum.data(), static_cast<std::size_t>(stage.deltas.size(0)), in, out, false);
      });
      give(tensors.bias_gradient,
           [&](std::span<float> sum) { View(sum, tensors.bias.sizes()).copy_(SumOver(stage.deltas, 0)); });
    } else {
      give(tensors.weight_gradient, [&](std::span<float> sum) { stage.conv->SumWeight(norms, sum); });
      give(tensors.bias_gradient, [&](std::span<float> sum) { stage.conv->SumBias(norms, sum); });
    }
  }
}

void ClippedLayers::AddTo(std::span<double> sum, std::span<const float> arena, const UnitNorms& norms) {
  const auto target = [&](std::span<float> gradient) {
    return sum.subspan(static_cast<std::size_t>(gradient.data() - arena.data()), gradient.size());
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
        const std::span<double> out = target(gradient);
        for (std::size_t i = 0; i < gradient.size(); ++i) out[i] += flat.data_ptr<double>()[i];
      };
      add(tensors.weight_gradient, at::mm(deltas.t(), inputs));
      add(tensors.bias_gradient, SumOver(deltas, 0));
      continue;
    }
    if (!tensors.weight_gradient.empty()) stage.conv->AddWeight(norms, target(tensors.weight_gradient));
    if (!tensors.bias_gradient.empty()) stage.conv->AddBias(norms, target(tensors.bias_gradient));
  }
}

}  // namespace cairn

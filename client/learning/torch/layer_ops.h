#pragma once

#include <functional>
#include <span>

#include "client/learning/layer_stack.h"
#include "client/learning/torch/compat.h"

namespace cairn {

// The tensors of one layer: leaves over the arena, and where their gradients go.
struct LayerTensors {
  at::Tensor weight, bias;                          // undefined where there is none
  std::span<float> weight_gradient, bias_gradient;  // empty: frozen, or none
};

// mask(rate, like) draws a dropout mask; empty: evaluation, without dropout.
using DrawMask = std::function<at::Tensor(double rate, const at::Tensor& like)>;

inline at::Tensor ApplyLayer(const Layer& layer, const LayerTensors& tensors, const at::Tensor& x,
                             const DrawMask& mask) {
  switch (layer.kind) {
    case LayerKind::kDense:
      return at::linear(x.dim() > 2 ? x.flatten(1) : x, tensors.weight, tensors.bias);
    case LayerKind::kConv2d:
      return at::conv2d(x, tensors.weight, tensors.bias, 1, layer.pad);
    case LayerKind::kRelu:
      return at::relu(x);
    case LayerKind::kTanh:
      return at::tanh(x);
    case LayerKind::kMaxPool2:
      return at::max_pool2d(x, 2);
    case LayerKind::kDropout:
      return mask ? x.mul(mask(layer.rate, x)) : x;
  }
  return x;
}

}  // namespace cairn

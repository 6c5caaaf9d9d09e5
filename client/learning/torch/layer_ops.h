#pragma once

#include <functional>
#include <span>

#include "client/learning/dense_kernels.h"
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

// A dense layer by our own product. A BLAS may sum the last rows of a batch in another order than the first;
// this one does not, so that what becomes of a row does not depend on where it stands. No gradient.
inline at::Tensor RunDense(const LayerTensors& tensors, const at::Tensor& x) {
  const at::Tensor flat = x.detach().flatten(1).contiguous();
  at::Tensor y = at::empty({flat.size(0), tensors.weight.size(0)}, at::kFloat);
  BestDenseKernels().forward(flat.data_ptr<float>(), tensors.weight.data_ptr<float>(),
                             tensors.bias.defined() ? tensors.bias.data_ptr<float>() : nullptr,
                             y.data_ptr<float>(), static_cast<std::size_t>(flat.size(0)),
                             static_cast<std::size_t>(flat.size(1)), static_cast<std::size_t>(y.size(1)));
  return y;
}

}  // namespace cairn

#include "client/learning/layer_stack.h"

#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "core/base/check.h"

namespace cairn {
namespace {

constexpr std::int64_t kMaxParameters = std::int64_t{1} << 30;

void FillUniform(std::span<float> values, double bound, RandomStream& stream) {
  for (float& value : values) value = static_cast<float>((2.0 * stream.Uniform() - 1.0) * bound);
}

std::span<float> TensorNamed(ParameterSet& state, const std::string& name) {
  const std::size_t index = state.spec().Find(name);
  CAIRN_CHECK(index < state.spec().tensors().size(), "the state holds every tensor of its stack");
  return state.tensor(index);
}

}  // namespace

std::int64_t ElementsOf(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

Shape Layer::weight_shape() const {
  if (kind == LayerKind::kConv2d) return {output[0], input[0], kernel, kernel};
  return {output[0], ElementsOf(input)};
}

std::int64_t LayerStack::input_size() const { return ElementsOf(input); }

std::int64_t LayerStack::outputs() const {
  return layers.empty() ? input_size() : ElementsOf(layers.back().output);
}

bool LayerStack::has_dropout() const {
  for (const Layer& layer : layers) {
    if (layer.kind == LayerKind::kDropout) return true;
  }
  return false;
}

LayerStackBuilder::LayerStackBuilder(Shape input) : current_(input) { stack_.input = std::move(input); }

void LayerStackBuilder::Append(Layer layer) {
  layer.input = current_;
  if (layer.output.empty()) layer.output = current_;
  if (layer.has_tensors() && first_error_.ok()) {
    parameters_ += ElementsOf(layer.weight_shape()) + layer.output[0];
    if (parameters_ > kMaxParameters) {
      first_error_ = Status(errors::kModelConfig,
                            "the model has more than 2^30 parameters at layer \"" + layer.name + "\"");
    }
  }
  if (!first_error_.ok()) return;
  current_ = layer.output;
  stack_.layers.push_back(std::move(layer));
}

LayerStackBuilder& LayerStackBuilder::Dense(std::string name, std::int64_t out, bool bias) {
  Append({.kind = LayerKind::kDense, .name = std::move(name), .input = {}, .output = {out}, .bias = bias});
  return *this;
}

LayerStackBuilder& LayerStackBuilder::Conv2d(std::string name, std::int64_t out, std::int64_t kernel,
                                             std::int64_t pad) {
  CAIRN_CHECK(current_.size() == 3, "a convolution takes images");
  const std::int64_t rows = current_[1] + 2 * pad - kernel + 1, columns = current_[2] + 2 * pad - kernel + 1;
  if ((rows < 1 || columns < 1) && first_error_.ok()) {
    first_error_ =
        Status(errors::kModelConfig, "layer \"" + name + "\": a " + std::to_string(kernel) + "x" +
                                         std::to_string(kernel) + " kernel does not fit an image of " +
                                         std::to_string(current_[1]) + "x" + std::to_string(current_[2]));
  }
  Append({.kind = LayerKind::kConv2d,
          .name = std::move(name),
          .input = {},
          .output = {out, rows, columns},
          .kernel = kernel,
          .pad = pad});
  return *this;
}

LayerStackBuilder& LayerStackBuilder::Activation(LayerKind kind) {
  Append({.kind = kind, .name = {}, .input = {}, .output = {}});
  return *this;
}

LayerStackBuilder& LayerStackBuilder::MaxPool2() {
  CAIRN_CHECK(current_.size() == 3, "pooling takes images");
  if ((current_[1] < 2 || current_[2] < 2) && first_error_.ok()) {
    first_error_ =
        Status(errors::kModelConfig, "an image of " + std::to_string(current_[1]) + "x" +
                                         std::to_string(current_[2]) + " is too small to pool by 2x2");
  }
  Append({.kind = LayerKind::kMaxPool2,
          .name = {},
          .input = {},
          .output = {current_[0], current_[1] / 2, current_[2] / 2}});
  return *this;
}

LayerStackBuilder& LayerStackBuilder::Dropout(double rate) {
  if (rate > 0) Append({.kind = LayerKind::kDropout, .name = {}, .input = {}, .output = {}, .rate = rate});
  return *this;
}

Result<LayerStack> LayerStackBuilder::Finish() {
  CAIRN_RETURN_IF_ERROR(std::move(first_error_));
  return std::move(stack_);
}

Result<ParameterSpec> SpecOfStack(const LayerStack& stack) {
  std::vector<TensorSpec> tensors;
  for (const Layer& layer : stack.layers) {
    if (!layer.has_tensors()) continue;
    tensors.push_back({.name = layer.name + ".weight", .shape = layer.weight_shape()});
    if (layer.bias) tensors.push_back({.name = layer.name + ".bias", .shape = {layer.output[0]}});
  }
  return ParameterSpec::Create(std::move(tensors));
}

void InitializeStack(const LayerStack& stack, RandomStream& stream, ParameterSet& state) {
  for (const Layer& layer : stack.layers) {
    if (!layer.has_tensors()) continue;
    const Shape shape = layer.weight_shape();
    const double bound = 1.0 / std::sqrt(static_cast<double>(ElementsOf(shape) / shape[0]));
    FillUniform(TensorNamed(state, layer.name + ".weight"), bound, stream);
    if (layer.bias) FillUniform(TensorNamed(state, layer.name + ".bias"), bound, stream);
  }
}

}  // namespace cairn

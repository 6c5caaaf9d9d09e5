#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/base/result.h"
#include "core/tensor/parameter_set.h"

namespace cairn {

// One stage of a sequential net. Images are (channels, rows, columns), row-major; a dense layer
// flattens what it is given in that order.
enum class LayerKind : std::uint8_t { kDense, kConv2d, kRelu, kTanh, kMaxPool2, kDropout };

struct Layer {
  LayerKind kind = LayerKind::kRelu;
  std::string name;         // of its tensors: NAME.weight, NAME.bias; empty for layers without
  Shape input, output;      // of one example
  std::int64_t kernel = 0;  // conv: square kernel, stride 1
  std::int64_t pad = 0;     // conv: zeros on every side
  bool bias = true;
  double rate = 0;  // dropout: share of values zeroed in training

  bool has_tensors() const { return kind == LayerKind::kDense || kind == LayerKind::kConv2d; }
  Shape weight_shape() const;  // (out, in) or (out, in, kernel, kernel)
};

// A sequential net as plain data: what the zoo makes out of a name and numbers, and what the engines
// run. Immutable once built.
struct LayerStack {
  Shape input;
  std::vector<Layer> layers;

  std::int64_t input_size() const;
  std::int64_t outputs() const;
  bool has_dropout() const;
};

std::int64_t ElementsOf(const Shape& shape);

// Appends layers and works out the shapes between them. The first misfit (an image smaller than a
// kernel, a model over a billion parameters) is kept and returned by Finish (kModelConfig).
class LayerStackBuilder {
 public:
  explicit LayerStackBuilder(Shape input);

  LayerStackBuilder& Dense(std::string name, std::int64_t out, bool bias = true);
  LayerStackBuilder& Conv2d(std::string name, std::int64_t out, std::int64_t kernel, std::int64_t pad);
  LayerStackBuilder& Activation(LayerKind kind);  // kRelu or kTanh
  LayerStackBuilder& MaxPool2();                  // 2×2, stride 2, odd edges dropped
  LayerStackBuilder& Dropout(double rate);        // nothing at rate 0
  Result<LayerStack> Finish();

 private:
  void Append(Layer layer);

  LayerStack stack_;
  Shape current_;
  std::int64_t parameters_ = 0;
  Status first_error_;
};

// NAME.weight and NAME.bias of each layer, in order, all parameters.
Result<ParameterSpec> SpecOfStack(const LayerStack& stack);

// PyTorch's default for dense and convolution layers: weight and bias uniform in ±1/√fan_in
// (Kaiming uniform with a = √5). Drawn in layer order, so freezing a tensor changes no other.
// state.spec() must hold the stack's tensors.
void InitializeStack(const LayerStack& stack, RandomStream& stream, ParameterSet& state);

}  // namespace cairn

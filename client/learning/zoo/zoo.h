#pragma once

#include <span>
#include <string_view>

#include "client/learning/layer_stack.h"
#include "core/base/result.h"
#include "core/tensor/parameter_spec.h"
#include "protocol/messages/job.h"

// The models Cairn knows by name. A model is a name and numbers, never code. Tensor names are fixed:
// a checkpoint loads into the same net written in Python with load_state_dict(strict=True).
//
//   arch         hyper-parameters (default)                                    tensors
//   linear       inputs, outputs, bias=1                                       linear
//   mlp          inputs, hidden=[200,200], classes, activation=relu|tanh,      fc1 … fcN
//                dropout=0
//   cnn-small    channels, size, classes, conv=[6,16] (5×5), fc=[120,84]       conv1 conv2 fc1 fc2 fc3
//   cnn-2conv    channels=1, size=28, classes=10, conv=[32,64], kernel=5,      conv1 conv2 fc1 fc2
//                pad=2, pool=each|last, fc=512, dropout_conv=0, dropout_fc=0
//
// Presets are names of their own, whose hyper-parameters may still be set: mcmahan-2nn (mlp,
// 199,210 parameters), mcmahan-cnn (cnn-2conv, 1,663,370; McMahan et al., AISTATS 2017), pfl-cnn
// (cnn-2conv, 1,626,442).

namespace cairn {

// Unknown names and hyper-parameters: kModelConfig, with the nearest known one.
Result<LayerStack> StackOf(const ModelConfig& model);

Result<ParameterSpec> SpecOf(const ModelConfig& model);

std::span<const std::string_view> ZooNames();

}  // namespace cairn

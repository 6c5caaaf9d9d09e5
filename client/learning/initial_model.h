#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "client/learning/learning_task.h"

namespace cairn {

// The model a job begins with: init "seed:N" draws PyTorch's default initialisation from stream
// (N, init); "file:PATH" takes every tensor from a safetensors file, whose bytes the caller has
// read. Frozen tensors are Scope::kLocal in the result's spec. Errors: kModelConfig…, kModelMismatch,
// kSafetensorsFormat, kConfigValue for another kind of init.
Result<ParameterSet> InitialModel(const LearningTaskFactory& factory, const ModelConfig& model,
                                  std::span<const std::string> freeze, std::span<const std::byte> file);

// PATH of "file:PATH"; empty for any other init.
std::string InitialModelPath(const ModelConfig& model);

}  // namespace cairn

#pragma once

#include <memory>

#include "client/learning/learning_task.h"

namespace cairn {

// Which code runs a model's steps. kAuto: hand-written where there is a plan for the model or for
// the dense layers it ends in, autograd for the rest. All give the same numbers within rounding.
enum class TrainEngine : std::uint8_t { kAuto = 0, kPlan = 1, kAutograd = 2 };

// The whole zoo over LibTorch; shows none of its types. Tasks of one factory may run on different
// threads. kPlan refuses models that have no plan (kModelConfig).
std::unique_ptr<LearningTaskFactory> NewTorchTaskFactory(TrainEngine engine = TrainEngine::kAuto);

}  // namespace cairn

#pragma once

#include <memory>

#include "client/learning/batch_engine.h"
#include "client/learning/layer_stack.h"
#include "core/tensor/parameter_set.h"

namespace cairn {

// kPlanned: the dense layers at the end of a net run on PlanEngine, where it supports them; plain
// SGD then goes straight into their weights. kNone is the oracle.
enum class DenseTail : bool { kNone, kPlanned };

// LibTorch's autograd over the arena: parameters are tensors that view it, gradients are written
// into one flat span, nothing is built per client. Runs any stack; the oracle of the plan. `state`
// must stay where it is and outlive the engine. LibTorch's exceptions become kTorchFailed.
Result<std::unique_ptr<BatchEngine>> NewAutogradEngine(const LayerStack& stack, ParameterSet& state,
                                                       DenseTail tail = DenseTail::kNone);

}  // namespace cairn

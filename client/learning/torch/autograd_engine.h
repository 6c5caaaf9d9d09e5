#pragma once

#include <memory>

#include "client/learning/batch_engine.h"
#include "client/learning/layer_stack.h"
#include "core/tensor/parameter_set.h"

namespace cairn {

// LibTorch's autograd over the arena: parameters are tensors that view it, gradients are written
// into one flat span, nothing is built per client. Runs any stack; the oracle of the plan. `state`
// must stay where it is and outlive the engine. LibTorch's exceptions become kTorchFailed.
Result<std::unique_ptr<BatchEngine>> NewAutogradEngine(const LayerStack& stack, ParameterSet& state);

}  // namespace cairn

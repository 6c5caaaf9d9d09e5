#pragma once

#include <string>

#include "protocol/messages/job.h"

namespace cairn {

// The settings a strategy has when a job names nothing but the strategy: those its paper recommends. An
// adaptive server moves every parameter by about lr a round, whatever the update's size, so the lr of 1 that
// suits a mean would throw the model away. A name that is not known here keeps the defaults of the struct:
// who makes strategies refuses it.
StrategyConfig DefaultStrategy(const std::string& name);

}  // namespace cairn

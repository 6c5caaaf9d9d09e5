#pragma once

#include <string>

#include "core/base/terminal.h"

namespace cairn {

// What stands before a step that went well.
inline std::string Tick(const Terminal& terminal) { return terminal.unicode ? "✓ " : "ok "; }

}  // namespace cairn

#pragma once

#include <string>
#include <string_view>

#include "cli/frame/command.h"
#include "core/base/terminal.h"

namespace cairn {

// The help page of the whole program (path ""), of a group ("runs") or of a command ("runs show").
std::string HelpText(const CommandSet& commands, std::string_view path, const Terminal& terminal);

}  // namespace cairn

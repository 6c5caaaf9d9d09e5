#pragma once

#include <string>
#include <string_view>

#include "cli/frame/command.h"

namespace cairn {

// A completion script made from the table of commands; shell is "bash", "zsh" or "fish".
std::string CompletionScript(const CommandSet& commands, std::string_view shell);

}  // namespace cairn

#pragma once

#include <string>
#include <string_view>

#include "cli/frame/output.h"
#include "core/base/result.h"
#include "core/base/wiped_text.h"

namespace cairn {

// Questions to the person at the terminal. Without a terminal on standard input nothing is asked:
// CAIRN-1004, naming the flag that answers. The question goes to standard error.

// OK for "y" or "yes"; CAIRN-1005 for anything else.
Status Confirm(CommandOutput& out, std::string_view question, std::string_view flag = "--yes");
// One line without its end.
Result<std::string> AskLine(CommandOutput& out, std::string_view question, std::string_view flag);
// One line that is not echoed: pass phrases, invites. At most 4096 bytes.
Result<WipedText> AskSecret(CommandOutput& out, std::string_view question, std::string_view flag);

}  // namespace cairn

#pragma once

#include <string_view>

#include "core/base/status.h"

namespace cairn {

// Refuses (CAIRN-1101) text that nests tables, lists or dotted keys so deep that a recursive parser
// would run out of stack. Knows just enough of TOML to skip its strings and comments; what it
// misreads, the parser refuses by itself.
Status CheckConfigDepth(std::string_view text, std::string_view filename);

}  // namespace cairn

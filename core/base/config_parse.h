#pragma once

#include <string_view>

#include "core/base/config_value.h"
#include "core/base/result.h"

namespace cairn {

// TOML text into our tree, each value with its place in `filename`. The only user of the TOML
// library. Errors: CAIRN-1101 with file:line:column; CAIRN-1103 for dates.
Result<ConfigValue> ParseToml(std::string_view text, std::string_view filename);

}  // namespace cairn

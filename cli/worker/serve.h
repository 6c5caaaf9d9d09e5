#pragma once

#include <string>
#include <vector>

namespace cairn {

// `cairn-worker serve …`, as an agent starts it. The exit code.
int ServeMain(const std::vector<std::string>& arguments);

}  // namespace cairn

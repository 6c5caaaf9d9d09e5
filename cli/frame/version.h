#pragma once

#include <string_view>

namespace cairn {

extern const std::string_view kVersion;    // "0.1.0"
extern const std::string_view kBuildType;  // "Release"
extern const std::string_view kCompiler;   // "GNU 12.2.0"

}  // namespace cairn

#include "cli/frame/version.h"

namespace cairn {

const std::string_view kVersion = CAIRN_VERSION;
const std::string_view kBuildType = CAIRN_BUILD_TYPE;
const std::string_view kCompiler = CAIRN_COMPILER;

}  // namespace cairn

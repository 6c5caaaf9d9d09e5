#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/runtime/child/sandbox.h"

namespace cairn {

// A worker proves its own confinement before it sees data: it tries a socket, an opening for writing and
// each path of `must_not_read`, and all must be refused. Returns the layers that hold ("seccomp",
// "landlock:7", "no-new-privileges"). kConfinementFailed names the attempt that went through; under
// kBestEffort a layer the kernel does not offer is left out instead.
Result<std::vector<std::string>> ProveConfinement(SandboxMode mode,
                                                  std::span<const std::filesystem::path> must_not_read);

}  // namespace cairn

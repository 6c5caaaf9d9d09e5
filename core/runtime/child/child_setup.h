#pragma once

#include <sys/types.h>

#include <filesystem>

#include "core/runtime/child/launcher.h"

namespace cairn {

// The forked child's way to the program: process group, limits, descriptors, sandbox, exec. Writes a
// SpawnAnswer to `progress` before the exec, and another one when it fails; never returns.
[[noreturn]] void BecomeProgram(const ChildSpec& spec, const std::filesystem::path& program, pid_t launcher,
                                int progress);

}  // namespace cairn

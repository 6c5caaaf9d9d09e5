#pragma once

#include <filesystem>

namespace cairn {

// The launcher's whole life: answers questions on the socket until its other end closes, then kills
// its children. Returns the exit code. Single-threaded, so that it may fork.
int RunLauncher(int socket, const std::filesystem::path& program);

}  // namespace cairn

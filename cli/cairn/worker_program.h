#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace cairn {

// Where cairn-worker is: beside this program, in ../libexec/cairn, or on PATH. CAIRN-1006 names the
// package when it is nowhere.
Result<std::filesystem::path> FindWorker();

// Becomes cairn-worker with these words: same process id, same streams, same environment plus the
// BLAS settings that count only before its libraries load. Only returns when that fails.
Status ExecWorker(const std::vector<std::string>& words);

}  // namespace cairn

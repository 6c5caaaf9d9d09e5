#pragma once

#include <filesystem>
#include <string_view>

#include "core/base/status.h"

namespace cairn {

// A failed system call as a Status: ENOSPC and EDQUOT are kStorageFull, ENOENT and ENOTDIR kNotFound, all
// others kStorageIo. The sentence names the path and the system's reason:
// "cannot open /srv/x.csv: Permission denied".
Status IoError(std::string_view action, const std::filesystem::path& path, int error_number);

}  // namespace cairn

#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "core/runtime/unique_fd.h"

namespace cairn {

// Holds a file for this object alone, so that no two daemons share a state directory.
//
// An open-file-description lock: it belongs to this descriptor, not to the process, so another
// open of the same file in this process neither gets it nor drops it. It ends with the object or the process,
// kill -9 included. Local file systems only.
class FileLock {
 public:
  // Makes the file when missing. kStorageLocked when another holder exists; never waits.
  static Result<FileLock> Acquire(const std::filesystem::path& path);

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace cairn

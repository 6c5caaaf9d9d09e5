#include "core/runtime/file_lock.h"

#include <fcntl.h>

#include <cerrno>

#include "core/runtime/io_error.h"

namespace cairn {

Result<FileLock> FileLock::Acquire(const std::filesystem::path& path) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.is_open()) return IoError("open the lock", path, errno);
  struct flock whole {};  // length 0: to the end of the file, however long
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(fd.get(), F_OFD_SETLK, &whole) == 0) return FileLock(std::move(fd));
  if (errno == EAGAIN || errno == EACCES) {
    return Status(errors::kStorageLocked, path.string() + " is locked by another process");
  }
  return IoError("lock", path, errno);
}

}  // namespace cairn

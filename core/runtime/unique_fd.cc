#include "core/runtime/unique_fd.h"

#include <unistd.h>

namespace cairn {

void UniqueFd::Reset(int fd) {
  // On Linux close() frees the number even when it fails, so its answer is of no use here; what must
  // be durable was fsynced before.
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
}

}  // namespace cairn

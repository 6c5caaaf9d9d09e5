#include "core/runtime/io_error.h"

#include <cerrno>
#include <string>
#include <system_error>

namespace cairn {
namespace {

ErrorId IdOf(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return errors::kStorageFull;
    case ENOENT:
    case ENOTDIR:
      return errors::kNotFound;
    default:
      return errors::kStorageIo;
  }
}

}  // namespace

Status IoError(std::string_view action, const std::filesystem::path& path, int error_number) {
  const std::string reason = std::generic_category().message(error_number);
  return Status(IdOf(error_number), "cannot " + std::string(action) + " " + path.string() + ": " + reason);
}

}  // namespace cairn

#include "privacy/crypto/file_io.h"

#include <fcntl.h>

#include <cerrno>
#include <system_error>

namespace cairn {
namespace {

namespace fs = std::filesystem;

// Calls write with what is left until nothing is.
template <class Write>
Status WriteLoop(const fs::path& path, std::span<const std::byte> bytes, Write write) {
  while (!bytes.empty()) {
    const ssize_t put = write(bytes);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return SystemError(path, "write", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

}  // namespace

Status SystemError(const fs::path& path, const char* action, int code) {
  const ErrorId id = code == ENOENT   ? errors::kNotFound
                     : code == ENOSPC ? errors::kStorageFull
                                      : errors::kStorageIo;
  return Status(id, path.string() + ": cannot " + action + ": " + std::generic_category().message(code));
}

Status ReadExactly(const fs::path& path, int fd, std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = read(fd, out.data(), out.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(path, "read", errno);
    if (got == 0) return Status(errors::kStorageIo, path.string() + " became shorter while it was read");
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

Status WriteAll(const fs::path& path, int fd, std::span<const std::byte> bytes) {
  return WriteLoop(path, bytes, [fd](auto rest) { return write(fd, rest.data(), rest.size()); });
}

Status WriteAllAt(const fs::path& path, int fd, std::span<const std::byte> bytes, std::uint64_t offset) {
  const std::uint64_t end = offset + bytes.size();
  return WriteLoop(path, bytes, [fd, end](auto rest) {
    return pwrite(fd, rest.data(), rest.size(), static_cast<off_t>(end - rest.size()));
  });
}

Status SyncKeyFolder(const fs::path& folder) {
  const Descriptor directory(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || fsync(directory.get()) != 0) return SystemError(folder, "sync", errno);
  return {};
}

}  // namespace cairn

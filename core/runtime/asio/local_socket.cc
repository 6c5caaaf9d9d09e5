#include "core/runtime/asio/local_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "core/runtime/asio/local_protocol.h"
#include "core/runtime/io_error.h"

namespace cairn {
namespace {

constexpr mode_t kSocketMode = 0660;
constexpr int kBacklog = 64;

Result<sockaddr_un> AddressOf(const std::filesystem::path& path) {
  const std::string text = path.string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (text.empty() || text.size() > kMaxSocketPath) {
    return Status(errors::kStorageIo, "the socket path " + text + " has " + std::to_string(text.size()) +
                                          " bytes, at most " + std::to_string(kMaxSocketPath) +
                                          " are possible")
        .Why("the operating system limits the length of socket paths")
        .Mend("choose a shorter folder for the daemon's socket");
  }
  text.copy(address.sun_path, text.size());
  return address;
}

const sockaddr* Generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

Status NobodyListens(const std::filesystem::path& path) {
  return Status(errors::kNotFound, "no daemon listens at " + path.string())
      .Why("the daemon is not running, or uses another socket")
      .Mend("start it, or name its socket or configuration");
}

// Makes room for a new socket: a socket nobody answers on is what a killed daemon left behind.
Status ClearStale(const std::filesystem::path& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? Status::Ok() : IoError("inspect", path, errno);
  }
  if (!S_ISSOCK(info.st_mode))
    return Status(errors::kStorageIo, path.string() + " is there and is not a socket");
  const auto living = ConnectLocal(path);
  if (living.ok()) return Status(errors::kStorageLocked, "another daemon answers at " + path.string());
  if (living.status().id() != errors::kNotFound) return living.status();
  if (unlink(path.c_str()) != 0) return IoError("remove the stale socket", path, errno);
  return Status::Ok();
}

}  // namespace

Result<UniqueFd> ConnectLocal(const std::filesystem::path& path) {
  CAIRN_ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return IoError("make a socket for", path, errno);
  if (connect(fd.get(), Generic(address), sizeof address) == 0) return fd;
  if (errno == ENOENT || errno == ECONNREFUSED) return NobodyListens(path);
  return IoError("connect to", path, errno);
}

Result<UniqueFd> ListenLocal(const std::filesystem::path& path) {
  CAIRN_ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  CAIRN_RETURN_IF_ERROR(ClearStale(path));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.is_open()) return IoError("make a socket for", path, errno);
  // The path takes its mode from the socket (less the umask), so it is never wider, not even for an instant.
  if (fchmod(fd.get(), kSocketMode) != 0 || bind(fd.get(), Generic(address), sizeof address) != 0 ||
      chmod(path.c_str(), kSocketMode) != 0 || listen(fd.get(), kBacklog) != 0) {
    return IoError("listen at", path, errno);
  }
  return fd;
}

}  // namespace cairn

#include "core/runtime/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "core/runtime/io_error.h"

namespace cairn {
namespace {

std::filesystem::path FolderOf(const std::filesystem::path& path) {
  const auto folder = path.parent_path();
  return folder.empty() ? std::filesystem::path(".") : folder;
}

// Writes all or returns errno.
int WriteAll(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return 0;
}

// Reads to the end of the file, or to one byte past `limit`; returns errno. `expected` only sizes the buffer.
int ReadToEnd(int fd, std::string& out, std::uint64_t expected, std::uint64_t limit) {
  constexpr std::uint64_t kStep = 64 * 1024;
  std::size_t done = 0;
  out.resize(std::min(expected, limit) + 1);
  while (true) {
    const ssize_t n = read(fd, out.data() + done, out.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    done += static_cast<std::size_t>(n);
    if (n == 0 || done > limit) break;
    if (done == out.size()) out.resize(std::min(out.size() + kStep, limit + 1));
  }
  out.resize(done);
  return 0;
}

Status TooLarge(const std::filesystem::path& path, std::uint64_t size, std::uint64_t limit) {
  return Status(errors::kStorageIo, path.string() + " has " + std::to_string(size) + " bytes, at most " +
                                        std::to_string(limit) + " are read")
      .Why("the file is larger than anything Cairn expects there")
      .Mend("check that the path names the file you mean");
}

// The temporary file of an atomic write; unlinked unless it was renamed.
class PendingFile {
 public:
  explicit PendingFile(const std::filesystem::path& target) : name_(target.string() + ".XXXXXX") {
    fd_.Reset(mkostemp(name_.data(), O_CLOEXEC));
    error_ = fd_.is_open() ? 0 : errno;
  }
  ~PendingFile() {
    if (fd_.is_open()) unlink(name_.c_str());
  }
  int error() const { return error_; }
  int fd() const { return fd_.get(); }
  int RenameTo(const std::filesystem::path& target) {
    if (rename(name_.c_str(), target.c_str()) != 0) return errno;
    fd_.Reset();
    return 0;
  }

 private:
  std::string name_;
  UniqueFd fd_;
  int error_ = 0;
};

}  // namespace

Result<std::string> ReadFile(const std::filesystem::path& path, std::uint64_t limit) {
  // Not blocking, so that a pipe in the place of a file is refused rather than waited for.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.is_open()) return IoError("open", path, errno);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return IoError("inspect", path, errno);
  if (S_ISDIR(info.st_mode)) return IoError("read", path, EISDIR);
  if (!S_ISREG(info.st_mode)) return Status(errors::kStorageIo, path.string() + " is not a regular file");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size > limit) return TooLarge(path, size, limit);
  std::string out;
  if (const int error = ReadToEnd(fd.get(), out, size, limit); error != 0)
    return IoError("read", path, error);
  if (out.size() > limit) return TooLarge(path, out.size(), limit);
  return out;
}

Status WriteFileAtomically(const std::filesystem::path& path, std::span<const std::byte> bytes,
                           unsigned mode) {
  PendingFile pending(path);
  if (pending.error() != 0) return IoError("create a file beside", path, pending.error());
  if (const int error = WriteAll(pending.fd(), bytes); error != 0) return IoError("write", path, error);
  if (fchmod(pending.fd(), mode) != 0) return IoError("set the mode of", path, errno);
  if (fsync(pending.fd()) != 0) return IoError("sync", path, errno);
  if (const int error = pending.RenameTo(path); error != 0) return IoError("rename onto", path, error);
  return SyncFolder(FolderOf(path));
}

Status WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes, unsigned mode) {
  return WriteFileAtomically(path, std::as_bytes(std::span(bytes)), mode);
}

Status MakeFolders(const std::filesystem::path& path, unsigned mode) {
  std::filesystem::path made;
  for (const auto& part : path) {
    made /= part;
    if (mkdir(made.c_str(), mode) == 0) {
      if (chmod(made.c_str(), mode) != 0) return IoError("set the mode of", made, errno);
      CAIRN_RETURN_IF_ERROR(SyncFolder(FolderOf(made)));
    } else if (errno != EEXIST) {
      return IoError("make the folder", made, errno);
    }
  }
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return IoError("inspect", path, errno);
  if (!S_ISDIR(info.st_mode))
    return Status(errors::kStorageIo, path.string() + " is there and is not a folder");
  return Status::Ok();
}

Status SyncFolder(const std::filesystem::path& folder) {
  const UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return IoError("open the folder", folder, errno);
  if (fsync(fd.get()) != 0) return IoError("sync the folder", folder, errno);
  return Status::Ok();
}

Result<std::uint64_t> FreeBytes(const std::filesystem::path& folder) {
  struct statvfs info {};
  if (statvfs(folder.c_str(), &info) != 0) return IoError("measure the free space of", folder, errno);
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

Status CheckFreeBytes(const std::filesystem::path& folder, std::uint64_t needed) {
  CAIRN_ASSIGN_OR_RETURN(const std::uint64_t available, FreeBytes(folder));
  if (available >= needed) return Status::Ok();
  return Status(errors::kStorageFull, folder.string() + " has " + std::to_string(available) +
                                          " bytes free, " + std::to_string(needed) + " are needed");
}

Result<AppendFile> AppendFile::Open(const std::filesystem::path& path, unsigned mode) {
  const bool is_new = access(path.c_str(), F_OK) != 0;
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd.is_open()) return IoError("open", path, errno);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return IoError("inspect", path, errno);
  if (!S_ISREG(info.st_mode)) return Status(errors::kStorageIo, path.string() + " is not a regular file");
  if (is_new) CAIRN_RETURN_IF_ERROR(SyncFolder(FolderOf(path)));
  return AppendFile(path, std::move(fd), static_cast<std::uint64_t>(info.st_size));
}

Status AppendFile::CheckSound() const {
  if (!is_broken_) return Status::Ok();
  return Status(errors::kStorageIo, path_.string() + " failed before and is not written to again")
      .Why("after a failed sync nobody knows what the disk holds")
      .Mend("restart the process; it recovers from what is really on the disk");
}

Status AppendFile::Append(std::span<const std::byte> bytes) {
  CAIRN_RETURN_IF_ERROR(CheckSound());
  if (const int error = WriteAll(fd_.get(), bytes); error != 0) {
    is_broken_ = ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0;
    return IoError("append to", path_, error);
  }
  size_ += bytes.size();
  return Status::Ok();
}

Status AppendFile::Sync() {
  CAIRN_RETURN_IF_ERROR(CheckSound());
  if (fdatasync(fd_.get()) == 0) return Status::Ok();
  is_broken_ = true;
  return IoError("sync", path_, errno);
}

Status AppendFile::Truncate(std::uint64_t size) {
  CAIRN_RETURN_IF_ERROR(CheckSound());
  CAIRN_CHECK(size <= size_, "an append-only file is only ever cut shorter");
  if (ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return IoError("cut", path_, errno);
  size_ = size;
  return Sync();
}

Result<TempFolder> TempFolder::Create(const std::filesystem::path& parent, std::string_view prefix) {
  std::string name = (parent / (std::string(prefix) + "XXXXXX")).string();
  if (mkdtemp(name.data()) == nullptr) return IoError("make a folder in", parent, errno);
  return TempFolder(name);
}

TempFolder::~TempFolder() {
  if (path_.empty()) return;
  std::error_code ignored;  // a leftover in a temporary folder is not worth failing for
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace cairn

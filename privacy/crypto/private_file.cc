#include "privacy/crypto/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "privacy/crypto/file_io.h"
#include "privacy/crypto/secure_random.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

enum class FileMode : unsigned { kPrivate = 0600, kPublic = 0644 };

Status CheckSecretFile(const fs::path& path, const struct stat& info) {
  if (info.st_uid != geteuid() && info.st_uid != 0) {
    return Status(errors::kKeyFile, path.string() + " belongs to user " + std::to_string(info.st_uid) +
                                        ", expected " + std::to_string(geteuid()) + " or root");
  }
  if ((info.st_mode & 077) != 0) {
    std::array<char, 8> mode;
    std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(info.st_mode & 07777));
    return Status(errors::kKeyFile,
                  path.string() + " has mode " + mode.data() + ", expected 0600: others can open it")
        .Mend("chmod 600 " + path.string() + "; if others may have read it, make a new key");
  }
  return {};
}

// The size of a file just opened, once it is known to be one that may be read.
Result<std::size_t> CheckOpened(const fs::path& path, std::size_t max_size, bool secret, int fd,
                                int open_error) {
  if (fd < 0 && open_error == ELOOP) {
    return Status(secret ? errors::kKeyFile : errors::kStorageIo,
                  path.string() + " is a symbolic link, expected a plain file");
  }
  if (fd < 0) return SystemError(path, "open", open_error);
  struct stat info {};
  if (fstat(fd, &info) != 0) return SystemError(path, "inspect", errno);
  if (!S_ISREG(info.st_mode)) {
    return Status(secret ? errors::kKeyFile : errors::kStorageIo, path.string() + " is not a plain file");
  }
  if (secret) CAIRN_RETURN_IF_ERROR(CheckSecretFile(path, info));
  if (static_cast<std::uint64_t>(info.st_size) > max_size) {
    return Status(secret ? errors::kKeyFile : errors::kStorageIo,
                  path.string() + " has " + std::to_string(info.st_size) + " bytes, expected at most " +
                      std::to_string(max_size));
  }
  return static_cast<std::size_t>(info.st_size);
}

Status WriteTemporary(const fs::path& temporary, std::span<const std::byte> content, FileMode mode) {
  const Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.get() < 0) return SystemError(temporary, "create", errno);
  CAIRN_RETURN_IF_ERROR(WriteAll(temporary, file.get(), content));
  if (fchmod(file.get(), static_cast<mode_t>(mode)) != 0)
    return SystemError(temporary, "set the mode of", errno);
  if (fsync(file.get()) != 0) return SystemError(temporary, "sync", errno);
  return {};
}

Status WriteAtomically(const fs::path& path, std::span<const std::byte> content, FileMode mode) {
  std::array<std::byte, 8> token;
  SecureRandom::FillBytes(token);
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const fs::path temporary = folder / ("." + path.filename().string() + "." + ToHex(token) + ".tmp");
  Status status = WriteTemporary(temporary, content, mode);
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0)
    status = SystemError(path, "replace", errno);
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return SyncKeyFolder(folder);
}

}  // namespace

Result<SecretBytes> ReadPrivateFile(const fs::path& path, std::size_t max_size) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  CAIRN_ASSIGN_OR_RETURN(const std::size_t size, CheckOpened(path, max_size, true, file.get(), errno));
  SecretBytes content(size);
  CAIRN_RETURN_IF_ERROR(ReadExactly(path, file.get(), content.Overwrite(RevealSecret{})));
  return content;
}

Status WritePrivateFile(const fs::path& path, const SecretBytes& content) {
  return WriteAtomically(path, content.Reveal(RevealSecret{}), FileMode::kPrivate);
}

Result<Bytes> ReadPublicFile(const fs::path& path, std::size_t max_size) {
  // Certificates may well sit behind a link: rotation swaps one.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  CAIRN_ASSIGN_OR_RETURN(const std::size_t size, CheckOpened(path, max_size, false, file.get(), errno));
  Bytes content(size);
  CAIRN_RETURN_IF_ERROR(ReadExactly(path, file.get(), content));
  return content;
}

Status WritePublicFile(const fs::path& path, std::span<const std::byte> content) {
  return WriteAtomically(path, content, FileMode::kPublic);
}

Status MakePrivateFolder(const fs::path& path) {
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (!error && mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return SystemError(path, "make the folder", errno);
  if (error) return SystemError(path, "make the folder", error.value());
  if (!fs::is_directory(path, error)) return Status(errors::kStorageIo, path.string() + " is not a folder");
  return {};
}

}  // namespace cairn

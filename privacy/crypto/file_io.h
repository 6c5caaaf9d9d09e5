#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>

#include "core/base/status.h"

// Files by descriptor, with every short read, short write and reason told. For this folder only.

namespace cairn {

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// kNotFound, kStorageFull or kStorageIo by errno: "PATH: cannot ACTION: REASON".
Status SystemError(const std::filesystem::path& path, const char* action, int code);
Status ReadExactly(const std::filesystem::path& path, int fd, std::span<std::byte> out);
Status WriteAll(const std::filesystem::path& path, int fd, std::span<const std::byte> bytes);
Status WriteAllAt(const std::filesystem::path& path, int fd, std::span<const std::byte> bytes,
                  std::uint64_t offset);
Status SyncKeyFolder(const std::filesystem::path& folder);

}  // namespace cairn

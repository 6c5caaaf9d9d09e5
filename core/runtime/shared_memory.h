#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/result.h"
#include "core/base/status.h"
#include "core/runtime/unique_fd.h"

namespace cairn {

// One mapping, unmapped with the object. Page-aligned.
class Mapping {
 public:
  Mapping() = default;
  Mapping(std::byte* data, std::size_t size) : data_(data), size_(size) {}
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();
  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// A file's bytes, read-only, without copying them. If another process shortens the file while it is
// mapped, reading past its new end kills this process: map only files that are never rewritten in
// place (ours are replaced by rename).
class MappedFile {
 public:
  static Result<MappedFile> Open(const std::filesystem::path& path);
  std::span<const std::byte> bytes() const { return {mapping_.data(), mapping_.size()}; }

 private:
  explicit MappedFile(Mapping mapping) : mapping_(std::move(mapping)) {}
  Mapping mapping_;
};

// Anonymous memory with a descriptor, for handing tensors to a child: made here, its size fixed here,
// mapped by both. The size can never change, so the other side cannot make our reads fault.
//
//   auto out = SharedMemory::Create("update", bytes);      // the child gets out->fd() and writes
//   auto in = SharedMemory::Create("model", bytes); …copy…; in->Seal();   // nobody writes any more
class SharedMemory {
 public:
  enum class Access : std::uint8_t { kRead, kReadWrite };

  // Zero-filled, `size` > 0 bytes, mapped read-write.
  static Result<SharedMemory> Create(const std::string& name, std::size_t size);
  // The other side: refuses what is not a memory file of exactly `size` bytes whose size is sealed,
  // and, for kRead, whose content is not sealed.
  static Result<SharedMemory> Attach(UniqueFd fd, std::size_t size, Access access);

  // Ends all writing, here too: afterwards the mapping is read-only for everyone.
  Status Seal();

  std::span<std::byte> bytes() { return {mapping_.data(), mapping_.size()}; }
  std::span<const std::byte> bytes() const { return {mapping_.data(), mapping_.size()}; }
  int fd() const { return fd_.get(); }

 private:
  SharedMemory(UniqueFd fd, Mapping mapping) : fd_(std::move(fd)), mapping_(std::move(mapping)) {}
  UniqueFd fd_;
  Mapping mapping_;
};

}  // namespace cairn

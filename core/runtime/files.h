#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/status.h"
#include "core/runtime/unique_fd.h"

// Files the way durable state needs them. Every error is kNotFound, kStorageFull or kStorageIo and
// names the path. Functions are thread-safe; objects belong to one thread at a time.

namespace cairn {

// The whole of a regular file of at most `limit` bytes. A larger one is refused unread, and so
// is one that grows past the limit while it is read.
Result<std::string> ReadFile(const std::filesystem::path& path, std::uint64_t limit);

// Writes beside the target, fsyncs, renames over it, fsyncs the folder: after a crash the path holds
// the old bytes or the new ones, never a mixture. On failure nothing is left behind.
// `mode` is exact, whatever the umask.
Status WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes, unsigned mode = 0600);
Status WriteFileAtomically(const std::filesystem::path& path, std::span<const std::byte> bytes,
                           unsigned mode = 0600);

// Makes a folder and its missing parents, all with `mode`. One that exists keeps its mode.
Status MakeFolders(const std::filesystem::path& path, unsigned mode = 0700);

// Makes renames and new names in a folder durable.
Status SyncFolder(const std::filesystem::path& folder);

// Bytes an unprivileged process may still write on the file system of `folder`.
Result<std::uint64_t> FreeBytes(const std::filesystem::path& folder);
// kStorageFull when fewer than `needed` bytes are free.
Status CheckFreeBytes(const std::filesystem::path& folder, std::uint64_t needed);

// A file that only grows: the ground under a log of records.
//
// After a failed Append the file is cut back to its last whole append; after a failed Sync, or where
// the cut itself fails, the object refuses everything, because the page cache no longer says what is
// on the disk. A daemon then ends and recovers at its next start.
class AppendFile {
 public:
  // Opens or makes the file; the folder is fsynced when it was made.
  static Result<AppendFile> Open(const std::filesystem::path& path, unsigned mode = 0600);

  Status Append(std::span<const std::byte> bytes);
  Status Sync();  // fdatasync
  // Cuts a torn tail; `size` must not exceed size().
  Status Truncate(std::uint64_t size);
  std::uint64_t size() const { return size_; }

 private:
  AppendFile(std::filesystem::path path, UniqueFd fd, std::uint64_t size)
      : path_(std::move(path)), fd_(std::move(fd)), size_(size) {}
  Status CheckSound() const;

  std::filesystem::path path_;
  UniqueFd fd_;
  std::uint64_t size_ = 0;
  bool is_broken_ = false;
};

// A fresh folder (0700) that is removed with everything in it when the object goes.
class TempFolder {
 public:
  static Result<TempFolder> Create(const std::filesystem::path& parent, std::string_view prefix = "cairn-");
  TempFolder(TempFolder&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  TempFolder& operator=(TempFolder&&) = delete;
  ~TempFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TempFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace cairn

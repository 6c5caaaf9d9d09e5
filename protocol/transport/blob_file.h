#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "core/base/result.h"
#include "core/runtime/unique_fd.h"
#include "privacy/crypto/sha256.h"
#include "protocol/transport/blob_store.h"

// One file of a FileBlobStore: an object's bytes, and behind them a footer that says whose they are
// and how many of them are right. A file may have been another object's before, so its size says
// nothing. Inside of protocol/transport.
//
// A mapping holds a shared lock (flock) on its file, a writer an exclusive one: a file is overwritten
// only when nobody can read it, whatever names it had. The kernel drops a lock with its process.

namespace cairn {

// The object's bytes as a read-only mapping; null when there is no such file, when it is shorter than
// the object, or when it is being written.
Result<std::shared_ptr<const Blob>> MapBlobFile(const std::filesystem::path& path, std::uint64_t size);

// A file under way, locked for its writer. Move-only; one thread at a time.
//
// Bytes are written before the length that counts them, so what a killed process leaves is never
// taken for more than it is. After a loss of power the length may be on the disk without the bytes:
// only the hash of the whole object decides.
class PartFile {
 public:
  // Takes up what lies at `path`; none when it is absent. A file that another writer holds is left to
  // it, without its name.
  static Result<std::optional<PartFile>> TakeUp(const std::filesystem::path& path, const BlobRef& ref);
  // Makes the file at `spare` the part of this object, with none of its bytes; none when there is no
  // spare, or when somebody still reads it.
  static Result<std::optional<PartFile>> FromSpare(const std::filesystem::path& spare,
                                                   const std::filesystem::path& path, const BlobRef& ref);
  static Result<PartFile> Make(const std::filesystem::path& path, const BlobRef& ref);

  std::uint64_t held() const { return held_; }
  // Feeds the bytes held to `hash`; where they cannot be read, none are held any more.
  void HashHeld(Sha256& hash);
  // kNetProtocol beyond the object's size.
  Status Append(Pieces pieces);
  Status Sync();
  bool IsNamed(const std::filesystem::path& path) const;
  void Unlock();  // whole: may be mapped from now on

 private:
  PartFile(std::filesystem::path path, const BlobRef& ref, UniqueFd fd);
  std::uint64_t ReadLength() const;
  Status WriteAt(std::uint64_t offset, Pieces pieces);

  std::filesystem::path path_;
  BlobRef ref_;
  UniqueFd fd_;
  std::uint64_t held_ = 0;
};

}  // namespace cairn

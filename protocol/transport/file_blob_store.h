#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>

#include "protocol/transport/blob_store.h"

namespace cairn {

class PartFile;

struct FileBlobStoreConfig {
  std::filesystem::path folder;  // made (0700) when absent
  std::uint64_t quota = 0;       // bytes of all objects, whole and in part; 0: no bound
  // Makes an object durable before it gets its name. Off for what a peer can send again: after a
  // power loss its hash tells whether it is whole.
  bool sync = true;
};

// Objects as files of one folder, mode 0600: HEX while whole, HEX.part while on its way, `spare` for
// one that is not needed any more and waits to be overwritten (blob_file.h). A part is hashed again
// when it is taken up; a whole file is hashed once a process before it is believed.
// Errors: kStorageIo, kStorageFull (also when the quota is passed).
class FileBlobStore final : public BlobStore {
 public:
  static Result<std::unique_ptr<FileBlobStore>> Create(FileBlobStoreConfig config);

  Result<std::shared_ptr<const Blob>> Find(const BlobRef& ref) override;
  Result<std::unique_ptr<BlobWriter>> OpenWriter(const BlobRef& ref) override;
  Status Remove(const BlobRef& ref) override;

  // Remove, but the object's file becomes the spare: the next writer overwrites it once nobody reads
  // it any more. Writing to pages that the cache holds is many times faster than to fresh ones.
  // There is one spare at most, and it counts for the quota but never stands in an object's way.
  Status Recycle(const BlobRef& ref);
  void DropSpare();

  // Removes everything but the objects named, and every part but those.
  void KeepOnly(const std::set<BlobRef>& refs);
  std::uint64_t bytes_used() const;

 private:
  class Writer;
  explicit FileBlobStore(FileBlobStoreConfig config) : config_(std::move(config)) {}
  std::filesystem::path PathOf(const BlobRef& ref) const;
  std::filesystem::path PartOf(const BlobRef& ref) const;
  std::filesystem::path spare() const { return config_.folder / "spare"; }
  Result<std::uint64_t> CheckQuota(const BlobRef& ref) const;
  Result<PartFile> OpenPart(const BlobRef& ref) const;
  Status Publish(const BlobRef& ref, PartFile& part);
  void DropPart(const BlobRef& ref, const PartFile& part);

  const FileBlobStoreConfig config_;
  mutable std::mutex mutex_;    // held while a file gets, changes or loses its name
  std::set<BlobRef> verified_;  // guarded by mutex_
};

}  // namespace cairn

#include "protocol/transport/file_blob_store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "core/runtime/files.h"
#include "core/runtime/io_error.h"
#include "protocol/transport/blob_file.h"

namespace cairn {
namespace {

// Hashes tile by tile and gives each back, so that the memory in use stays flat.
bool HasHash(const Blob& blob, const BlobRef& ref) {
  constexpr std::size_t kTile = std::size_t{1} << 20;
  Sha256 hash;
  const auto bytes = blob.bytes();
  for (std::size_t at = 0; at < bytes.size(); at += kTile) {
    const auto tile = bytes.subspan(at, std::min(kTile, bytes.size() - at));
    hash.Update(tile);
    blob.Release(at, tile.size());
  }
  return std::move(hash).Finish().bytes == ref.sha256;
}

std::uint64_t FileSize(const std::filesystem::path& path) {
  std::error_code absent;
  const auto size = std::filesystem::file_size(path, absent);
  return absent ? 0 : size;
}

}  // namespace

// ---- the writer

class FileBlobStore::Writer final : public BlobWriter {
 public:
  Writer(FileBlobStore& store, const BlobRef& ref, PartFile part, Sha256 hash)
      : store_(store), ref_(ref), part_(std::move(part)), hash_(std::move(hash)) {}

  std::uint64_t size() const override { return part_.held(); }

  Status Append(Pieces pieces) override {
    CAIRN_RETURN_IF_ERROR(part_.Append(pieces));
    for (const auto bytes : pieces) hash_.Update(bytes);
    return {};
  }

  Status Commit() override {
    if (size() != ref_.size) return Status(errors::kNetProtocol, "an object ended before it was whole");
    if (std::move(hash_).Finish().bytes != ref_.sha256) {
      store_.DropPart(ref_, part_);
      return Status(errors::kNetProtocol, "an object's bytes do not have the SHA-256 it was offered under");
    }
    return store_.Publish(ref_, part_);
  }

 private:
  FileBlobStore& store_;
  const BlobRef ref_;
  PartFile part_;
  Sha256 hash_;
};

// ---- the store

Result<std::unique_ptr<FileBlobStore>> FileBlobStore::Create(FileBlobStoreConfig config) {
  CAIRN_RETURN_IF_ERROR(MakeFolders(config.folder));
  return std::unique_ptr<FileBlobStore>(new FileBlobStore(std::move(config)));
}

std::filesystem::path FileBlobStore::PathOf(const BlobRef& ref) const { return config_.folder / ref.hex(); }
std::filesystem::path FileBlobStore::PartOf(const BlobRef& ref) const {
  return config_.folder / (ref.hex() + ".part");
}

Result<std::shared_ptr<const Blob>> FileBlobStore::Find(const BlobRef& ref) {
  std::unique_lock lock(mutex_);
  CAIRN_ASSIGN_OR_RETURN(auto blob, MapBlobFile(PathOf(ref), ref.size));
  if (blob == nullptr || verified_.contains(ref)) return blob;
  lock.unlock();
  const bool is_right = HasHash(*blob, ref);
  lock.lock();
  if (is_right) {
    verified_.insert(ref);
    return blob;
  }
  unlink(PathOf(ref).c_str());  // a damaged file is as good as none
  return std::shared_ptr<const Blob>();
}

Result<std::unique_ptr<BlobWriter>> FileBlobStore::OpenWriter(const BlobRef& ref) {
  std::unique_lock lock(mutex_);
  CAIRN_ASSIGN_OR_RETURN(const std::uint64_t needed, CheckQuota(ref));
  CAIRN_ASSIGN_OR_RETURN(PartFile part, OpenPart(ref));
  if (config_.quota != 0 && needed + FileSize(spare()) > config_.quota) unlink(spare().c_str());
  lock.unlock();
  Sha256 hash;
  part.HashHeld(hash);
  return std::unique_ptr<BlobWriter>(std::make_unique<Writer>(*this, ref, std::move(part), std::move(hash)));
}

// The bytes of all objects once this one is whole, when they fit. The spare is not counted here: it is
// overwritten, or given up.
Result<std::uint64_t> FileBlobStore::CheckQuota(const BlobRef& ref) const {
  const std::uint64_t needed = bytes_used() - FileSize(spare()) - FileSize(PartOf(ref)) + ref.size;
  if (config_.quota == 0 || needed <= config_.quota) return needed;
  return Status(errors::kStorageFull, "an object of " + std::to_string(ref.size) +
                                          " bytes does not fit the quota of " +
                                          std::to_string(config_.quota));
}

Result<PartFile> FileBlobStore::OpenPart(const BlobRef& ref) const {
  const std::filesystem::path path = PartOf(ref);
  CAIRN_ASSIGN_OR_RETURN(auto part, PartFile::TakeUp(path, ref));
  if (part) return std::move(*part);
  auto recycled = PartFile::FromSpare(spare(), path, ref);  // where that fails a new file still may do
  if (recycled.ok() && *recycled) return std::move(**recycled);
  return PartFile::Make(path, ref);
}

Status FileBlobStore::Publish(const BlobRef& ref, PartFile& part) {
  const std::filesystem::path from = PartOf(ref), to = PathOf(ref);
  if (config_.sync) CAIRN_RETURN_IF_ERROR(part.Sync());
  {
    const std::lock_guard lock(mutex_);
    if (!part.IsNamed(from)) return IoError("rename", from, ENOENT);  // removed, or another writer's by now
    if (rename(from.c_str(), to.c_str()) != 0) return IoError("rename", from, errno);
    verified_.insert(ref);
    part.Unlock();
  }
  return config_.sync ? SyncFolder(config_.folder) : Status();
}

void FileBlobStore::DropPart(const BlobRef& ref, const PartFile& part) {
  const std::lock_guard lock(mutex_);
  if (part.IsNamed(PartOf(ref))) unlink(PartOf(ref).c_str());
}

Status FileBlobStore::Remove(const BlobRef& ref) {
  const std::lock_guard lock(mutex_);
  verified_.erase(ref);
  for (const auto& path : {PathOf(ref), PartOf(ref)}) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return IoError("remove", path, errno);
  }
  return {};
}

Status FileBlobStore::Recycle(const BlobRef& ref) {
  const std::lock_guard lock(mutex_);
  verified_.erase(ref);
  if (rename(PathOf(ref).c_str(), spare().c_str()) != 0 && errno != ENOENT)
    return IoError("rename", PathOf(ref), errno);
  return {};
}

void FileBlobStore::DropSpare() {
  const std::lock_guard lock(mutex_);
  unlink(spare().c_str());
}

void FileBlobStore::KeepOnly(const std::set<BlobRef>& refs) {
  std::set<std::filesystem::path> keep;
  for (const BlobRef& ref : refs) {
    keep.insert(PathOf(ref));
    keep.insert(PartOf(ref));
  }
  const std::lock_guard lock(mutex_);
  std::error_code ignored;  // what cannot be removed now is removed another time
  for (const auto& entry : std::filesystem::directory_iterator(config_.folder, ignored)) {
    if (!keep.contains(entry.path())) std::filesystem::remove(entry.path(), ignored);
  }
  std::erase_if(verified_, [&refs](const BlobRef& ref) { return !refs.contains(ref); });
}

std::uint64_t FileBlobStore::bytes_used() const {
  std::uint64_t sum = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(config_.folder, ignored)) {
    const auto size = entry.file_size(ignored);
    if (!ignored) sum += size;
  }
  return sum;
}

}  // namespace cairn

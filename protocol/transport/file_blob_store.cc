#include "protocol/transport/file_blob_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "core/runtime/files.h"
#include "core/runtime/io_error.h"
#include "core/runtime/unique_fd.h"
#include "privacy/crypto/sha256.h"

namespace cairn {
namespace {

constexpr std::size_t kTile = std::size_t{1} << 20;

// A file's bytes as a read-only mapping. Our files are never rewritten in place, so the mapping
// cannot fault.
class MappedBlob final : public Blob {
 public:
  MappedBlob(std::byte* data, std::size_t size) : data_(data), size_(size) {}
  ~MappedBlob() override {
    if (data_ != nullptr) munmap(data_, size_);
  }
  std::span<const std::byte> bytes() const override { return {data_, size_}; }
  void Release(std::size_t offset, std::size_t size) const override {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t from = offset / page * page, to = std::min(offset + size, size_);
    if (from < to) madvise(data_ + from, to - from, MADV_DONTNEED);
  }

 private:
  std::byte* data_;
  std::size_t size_;
};

Result<std::shared_ptr<const Blob>> Map(const std::filesystem::path& path, std::uint64_t size) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.is_open()) {
    if (errno == ENOENT) return std::shared_ptr<const Blob>();
    return IoError("open", path, errno);
  }
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return IoError("read", path, errno);
  if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) != size)
    return std::shared_ptr<const Blob>();
  if (size == 0) return std::shared_ptr<const Blob>(std::make_shared<MappedBlob>(nullptr, 0));
  void* data = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) return IoError("map", path, errno);
  madvise(data, size, MADV_SEQUENTIAL);
  return std::shared_ptr<const Blob>(std::make_shared<MappedBlob>(static_cast<std::byte*>(data), size));
}

// Hashes tile by tile and gives each back, so that the memory in use stays flat.
bool HasHash(const Blob& blob, const BlobRef& ref) {
  Sha256 hash;
  const auto bytes = blob.bytes();
  for (std::size_t at = 0; at < bytes.size(); at += kTile) {
    const auto tile = bytes.subspan(at, std::min(kTile, bytes.size() - at));
    hash.Update(tile);
    blob.Release(at, tile.size());
  }
  return std::move(hash).Finish().bytes == ref.sha256;
}

// Feeds the file's first bytes to the hash; false when they cannot all be read.
bool HashPart(int fd, std::uint64_t size, Sha256& hash) {
  std::vector<std::byte> tile(kTile);
  for (std::uint64_t at = 0; at < size;) {
    const ssize_t got =
        pread(fd, tile.data(), std::min<std::uint64_t>(kTile, size - at), static_cast<off_t>(at));
    if (got <= 0) return false;
    hash.Update(std::span(tile).first(static_cast<std::size_t>(got)));
    at += static_cast<std::uint64_t>(got);
  }
  return true;
}

}  // namespace

// ---- the writer

class FileBlobStore::Writer final : public BlobWriter {
 public:
  Writer(FileBlobStore& store, const BlobRef& ref, UniqueFd fd, std::uint64_t size, Sha256 hash)
      : store_(store), ref_(ref), fd_(std::move(fd)), size_(size), hash_(std::move(hash)) {}

  std::uint64_t size() const override { return size_; }

  Status Append(std::span<const std::byte> bytes) override {
    if (bytes.size() > ref_.size - size_)
      return Status(errors::kNetProtocol, "an object is longer than its name says");
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t wrote =
          pwrite(fd_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(size_ + done));
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return IoError("write", store_.PartOf(ref_), errno);
      done += static_cast<std::size_t>(wrote);
    }
    hash_.Update(bytes);
    size_ += bytes.size();
    return {};
  }

  Status Commit() override {
    if (size_ != ref_.size) return Status(errors::kNetProtocol, "an object ended before it was whole");
    if (std::move(hash_).Finish().bytes != ref_.sha256) {
      unlink(store_.PartOf(ref_).c_str());
      return Status(errors::kNetProtocol, "an object's bytes do not have the SHA-256 it was offered under");
    }
    const std::filesystem::path part = store_.PartOf(ref_), path = store_.PathOf(ref_);
    if (store_.config_.sync && fdatasync(fd_.get()) != 0) return IoError("write", part, errno);
    if (rename(part.c_str(), path.c_str()) != 0) return IoError("rename", part, errno);
    store_.SetVerified(ref_, true);
    return store_.config_.sync ? SyncFolder(store_.config_.folder) : Status();
  }

 private:
  FileBlobStore& store_;
  const BlobRef ref_;
  const UniqueFd fd_;
  std::uint64_t size_;
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

bool FileBlobStore::IsVerified(const BlobRef& ref) const {
  const std::lock_guard lock(mutex_);
  return verified_.contains(ref);
}

void FileBlobStore::SetVerified(const BlobRef& ref, bool verified) {
  const std::lock_guard lock(mutex_);
  verified ? static_cast<void>(verified_.insert(ref)) : static_cast<void>(verified_.erase(ref));
}

Result<std::shared_ptr<const Blob>> FileBlobStore::Find(const BlobRef& ref) {
  CAIRN_ASSIGN_OR_RETURN(auto blob, Map(PathOf(ref), ref.size));
  if (blob == nullptr || IsVerified(ref)) return blob;
  if (!HasHash(*blob, ref)) {  // a damaged file is as good as none
    unlink(PathOf(ref).c_str());
    return std::shared_ptr<const Blob>();
  }
  SetVerified(ref, true);
  return blob;
}

Result<std::unique_ptr<BlobWriter>> FileBlobStore::OpenWriter(const BlobRef& ref) {
  const std::filesystem::path path = PartOf(ref);
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.is_open()) return IoError("open", path, errno);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return IoError("read", path, errno);
  std::uint64_t held = std::min(static_cast<std::uint64_t>(info.st_size), ref.size);
  const std::uint64_t used = bytes_used();
  if (config_.quota != 0 && used + (ref.size - held) > config_.quota) {
    return Status(errors::kStorageFull, "an object of " + std::to_string(ref.size) +
                                            " bytes does not fit the quota of " +
                                            std::to_string(config_.quota));
  }
  Sha256 hash;
  if (held > 0 && !HashPart(fd.get(), held, hash)) {
    held = 0;
    hash = Sha256();
  }
  if (ftruncate(fd.get(), static_cast<off_t>(held)) != 0) return IoError("cut", path, errno);
  return std::unique_ptr<BlobWriter>(
      std::make_unique<Writer>(*this, ref, std::move(fd), held, std::move(hash)));
}

Status FileBlobStore::Remove(const BlobRef& ref) {
  SetVerified(ref, false);
  for (const auto& path : {PathOf(ref), PartOf(ref)}) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return IoError("remove", path, errno);
  }
  return {};
}

void FileBlobStore::KeepOnly(const std::set<BlobRef>& refs) {
  std::set<std::filesystem::path> keep;
  for (const BlobRef& ref : refs) {
    keep.insert(PathOf(ref));
    keep.insert(PartOf(ref));
  }
  std::error_code ignored;  // what cannot be removed now is removed another time
  for (const auto& entry : std::filesystem::directory_iterator(config_.folder, ignored)) {
    if (!keep.contains(entry.path())) std::filesystem::remove(entry.path(), ignored);
  }
  const std::lock_guard lock(mutex_);
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

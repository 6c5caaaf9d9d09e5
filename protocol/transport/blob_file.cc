#include "protocol/transport/blob_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>
#include <vector>

#include "core/base/crc32c.h"
#include "core/runtime/io_error.h"
#include "protocol/transport/chunks.h"

namespace cairn {
namespace {

constexpr std::size_t kTile = std::size_t{1} << 20;

// ---- the mapping

class MappedBlob final : public Blob {
 public:
  MappedBlob(UniqueFd fd, std::byte* data, std::size_t size) : fd_(std::move(fd)), data_(data), size_(size) {}
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
  const UniqueFd fd_;  // carries the lock, so it closes after the mapping is gone
  std::byte* const data_;
  const std::size_t size_;
};

// ---- the footer

// 64 bytes on a boundary of 64, so that one page holds all of it and a kill cannot tear it.
constexpr std::size_t kFooterBytes = 64;
constexpr std::array<char, 8> kMagic = {'c', 'a', 'i', 'r', 'n', 'p', '1', '\n'};

struct Footer {
  std::array<char, 8> magic = kMagic;
  std::uint64_t held = 0;
  std::array<std::byte, 32> sha256{};  // of the object, so that another one's footer is not believed
  std::array<std::byte, 12> zero{};
  std::uint32_t crc32c = 0;  // of what stands before it
};
static_assert(sizeof(Footer) == kFooterBytes);

std::uint64_t FooterOffset(std::uint64_t size) {
  return (size + kFooterBytes - 1) / kFooterBytes * kFooterBytes;
}
std::uint32_t Checksum(const Footer& footer) {
  return Crc32c(std::as_bytes(std::span(&footer, 1)).first(offsetof(Footer, crc32c)));
}

// ---- opening

enum class Lock { kShared, kExclusive };

// Open and locked; none when there is no such file or the lock is taken.
Result<UniqueFd> OpenLocked(const std::filesystem::path& path, Lock lock) {
  const bool writes = lock == Lock::kExclusive;
  UniqueFd fd(open(path.c_str(), (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.is_open()) {
    if (errno == ENOENT) return UniqueFd();
    return IoError("open", path, errno);
  }
  if (flock(fd.get(), (writes ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0) return fd;
  if (errno == EWOULDBLOCK) return UniqueFd();
  return IoError("lock", path, errno);
}

}  // namespace

Result<std::shared_ptr<const Blob>> MapBlobFile(const std::filesystem::path& path, std::uint64_t size) {
  using Handle = std::shared_ptr<const Blob>;
  CAIRN_ASSIGN_OR_RETURN(UniqueFd fd, OpenLocked(path, Lock::kShared));
  if (!fd.is_open()) return Handle();
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return IoError("read", path, errno);
  if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) < size) return Handle();
  if (size == 0) return Handle(std::make_shared<MappedBlob>(std::move(fd), nullptr, 0));
  void* data = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) return IoError("map", path, errno);
  madvise(data, size, MADV_SEQUENTIAL);
  return Handle(std::make_shared<MappedBlob>(std::move(fd), static_cast<std::byte*>(data), size));
}

PartFile::PartFile(std::filesystem::path path, const BlobRef& ref, UniqueFd fd)
    : path_(std::move(path)), ref_(ref), fd_(std::move(fd)) {}

Result<std::optional<PartFile>> PartFile::TakeUp(const std::filesystem::path& path, const BlobRef& ref) {
  CAIRN_ASSIGN_OR_RETURN(UniqueFd fd, OpenLocked(path, Lock::kExclusive));
  if (!fd.is_open()) {
    unlink(path.c_str());
    return std::optional<PartFile>();
  }
  PartFile part(path, ref, std::move(fd));
  part.held_ = part.ReadLength();
  return std::optional(std::move(part));
}

Result<std::optional<PartFile>> PartFile::FromSpare(const std::filesystem::path& spare,
                                                    const std::filesystem::path& path, const BlobRef& ref) {
  CAIRN_ASSIGN_OR_RETURN(UniqueFd fd, OpenLocked(spare, Lock::kExclusive));
  if (!fd.is_open()) return std::optional<PartFile>();
  // Cut before it gets its name: whatever stands where the footer will be is the older object's.
  if (ftruncate(fd.get(), static_cast<off_t>(ref.size)) != 0) return IoError("cut", spare, errno);
  if (rename(spare.c_str(), path.c_str()) != 0) return IoError("rename", spare, errno);
  return std::optional(PartFile(path, ref, std::move(fd)));
}

Result<PartFile> PartFile::Make(const std::filesystem::path& path, const BlobRef& ref) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.is_open()) return IoError("open", path, errno);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return IoError("lock", path, errno);
  return PartFile(path, ref, std::move(fd));
}

std::uint64_t PartFile::ReadLength() const {
  Footer footer;
  const auto offset = static_cast<off_t>(FooterOffset(ref_.size));
  if (pread(fd_.get(), &footer, sizeof footer, offset) != static_cast<ssize_t>(sizeof footer)) return 0;
  const bool is_ours = footer.magic == kMagic && std::ranges::equal(footer.sha256, ref_.sha256);
  return is_ours && footer.crc32c == Checksum(footer) && footer.held <= ref_.size ? footer.held : 0;
}

void PartFile::HashHeld(Sha256& hash) {
  std::vector<std::byte> tile(std::min<std::uint64_t>(kTile, held_));
  for (std::uint64_t at = 0; at < held_;) {
    const std::size_t wanted = std::min<std::uint64_t>(kTile, held_ - at);
    const ssize_t got = pread(fd_.get(), tile.data(), wanted, static_cast<off_t>(at));
    if (got <= 0) {
      held_ = 0;
      hash = Sha256();
      return;
    }
    hash.Update(std::span(tile).first(static_cast<std::size_t>(got)));
    at += static_cast<std::uint64_t>(got);
  }
}

Status PartFile::WriteAt(std::uint64_t offset, Pieces pieces) {
  std::vector<iovec> parts;
  for (const auto bytes : pieces) parts.push_back({const_cast<std::byte*>(bytes.data()), bytes.size()});
  for (std::span<iovec> left(parts); !left.empty();) {
    const int count = static_cast<int>(std::min<std::size_t>(left.size(), IOV_MAX));
    const ssize_t result = pwritev(fd_.get(), left.data(), count, static_cast<off_t>(offset));
    if (result < 0 && errno == EINTR) continue;
    if (result < 0) return IoError("write", path_, errno);
    auto wrote = static_cast<std::size_t>(result);
    offset += wrote;
    for (; !left.empty() && wrote >= left.front().iov_len; left = left.subspan(1))
      wrote -= left.front().iov_len;
    if (left.empty()) break;
    left.front().iov_base = static_cast<std::byte*>(left.front().iov_base) + wrote;
    left.front().iov_len -= wrote;
  }
  return {};
}

Status PartFile::Append(Pieces pieces) {
  const std::size_t size = SizeOf(pieces);
  if (size > ref_.size - held_) return Status(errors::kNetProtocol, "an object is longer than its name says");
  CAIRN_RETURN_IF_ERROR(WriteAt(held_, pieces));
  Footer footer{.held = held_ + size};
  std::ranges::copy(ref_.sha256, footer.sha256.begin());
  footer.crc32c = Checksum(footer);
  const std::span<const std::byte> piece = std::as_bytes(std::span(&footer, 1));
  CAIRN_RETURN_IF_ERROR(WriteAt(FooterOffset(ref_.size), Pieces(&piece, 1)));
  held_ = footer.held;
  return {};
}

Status PartFile::Sync() { return fdatasync(fd_.get()) == 0 ? Status() : IoError("write", path_, errno); }

bool PartFile::IsNamed(const std::filesystem::path& path) const {
  struct stat ours, there;
  return fstat(fd_.get(), &ours) == 0 && lstat(path.c_str(), &there) == 0 && ours.st_dev == there.st_dev &&
         ours.st_ino == there.st_ino;
}

void PartFile::Unlock() { flock(fd_.get(), LOCK_UN); }

}  // namespace cairn

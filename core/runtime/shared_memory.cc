#include "core/runtime/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/base/check.h"
#include "core/runtime/io_error.h"

namespace cairn {
namespace {

constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW;

Result<Mapping> Map(int fd, std::size_t size, int protection, int flags, const std::filesystem::path& path) {
  void* data = mmap(nullptr, size, protection, flags, fd, 0);
  if (data == MAP_FAILED) return IoError("map", path, errno);
  return Mapping(static_cast<std::byte*>(data), size);
}

}  // namespace

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) munmap(data_, size_);
}

Result<MappedFile> MappedFile::Open(const std::filesystem::path& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.is_open()) return IoError("open", path, errno);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return IoError("inspect", path, errno);
  if (!S_ISREG(info.st_mode)) return Status(errors::kStorageIo, path.string() + " is not a regular file");
  if (info.st_size == 0) return MappedFile(Mapping());  // a mapping of nothing is refused by the system
  CAIRN_ASSIGN_OR_RETURN(auto mapping,
                         Map(fd.get(), static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE, path));
  return MappedFile(std::move(mapping));
}

Result<SharedMemory> SharedMemory::Create(const std::string& name, std::size_t size) {
  CAIRN_CHECK(size > 0, "shared memory has at least one byte");
  UniqueFd fd(memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.is_open()) return IoError("make shared memory", name, errno);
  if (ftruncate(fd.get(), static_cast<off_t>(size)) != 0) return IoError("size shared memory", name, errno);
  if (fcntl(fd.get(), F_ADD_SEALS, kSizeSeals) != 0) return IoError("seal shared memory", name, errno);
  CAIRN_ASSIGN_OR_RETURN(auto mapping, Map(fd.get(), size, PROT_READ | PROT_WRITE, MAP_SHARED, name));
  return SharedMemory(std::move(fd), std::move(mapping));
}

Result<SharedMemory> SharedMemory::Attach(UniqueFd fd, std::size_t size, Access access) {
  const int wanted = access == Access::kRead ? kSizeSeals | F_SEAL_WRITE : kSizeSeals;
  const int seals = fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0) return IoError("read the seals of", "shared memory", errno);
  if ((seals & wanted) != wanted) {
    return Status(errors::kStorageIo, "shared memory is not sealed against change");
  }
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return IoError("inspect", "shared memory", errno);
  if (size == 0 || info.st_size < 0 || static_cast<std::uint64_t>(info.st_size) != size) {
    return Status(errors::kStorageIo, "shared memory has " + std::to_string(info.st_size) +
                                          " bytes, expected " + std::to_string(size));
  }
  const int protection = access == Access::kRead ? PROT_READ : PROT_READ | PROT_WRITE;
  const int flags = access == Access::kRead ? MAP_PRIVATE : MAP_SHARED;
  CAIRN_ASSIGN_OR_RETURN(auto mapping, Map(fd.get(), size, protection, flags, "shared memory"));
  return SharedMemory(std::move(fd), std::move(mapping));
}

Status SharedMemory::Seal() {
  // The system refuses a write seal while a writable shared mapping exists, so ours goes first.
  const std::size_t size = mapping_.size();
  mapping_ = Mapping();
  const int error = fcntl(fd_.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) == 0 ? 0 : errno;
  if (error != 0) return IoError("seal", "shared memory", error);
  CAIRN_ASSIGN_OR_RETURN(mapping_, Map(fd_.get(), size, PROT_READ, MAP_PRIVATE, "shared memory"));
  return Status::Ok();
}

}  // namespace cairn

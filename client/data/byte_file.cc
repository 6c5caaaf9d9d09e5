#include "client/data/byte_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace cairn {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string Reason(int error) { return std::strerror(error); }

Status IoError(const std::string& path, const char* verb, int error) {
  return Status(error == ENOSPC ? errors::kStorageFull : errors::kStorageIo,
                path + " cannot be " + verb + ": " + Reason(error));
}

Result<std::string> ReadAll(const FileDescriptor& file, const std::string& path, std::uint64_t size) {
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return IoError(path, "read", errno);
    if (got == 0) break;  // it shrank meanwhile: the reader will see a truncated file
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

Status WriteAll(const FileDescriptor& file, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return IoError(path, "written", errno);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return Status::Ok();
}

// Small pieces, such as lines, are gathered before they cost a system call.
constexpr std::size_t kWriteBuffer = 1 << 16;

Status WriteAndSync(const std::string& temporary, const std::function<Status(const ByteSink&)>& write) {
  const FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (file.get() < 0) return IoError(temporary, "created", errno);
  std::string buffer;
  CAIRN_RETURN_IF_ERROR(write([&](std::string_view piece) {
    buffer.append(piece);
    if (buffer.size() < kWriteBuffer) return Status::Ok();
    const Status written = WriteAll(file, temporary, buffer);
    buffer.clear();
    return written;
  }));
  CAIRN_RETURN_IF_ERROR(WriteAll(file, temporary, buffer));
  if (::fsync(file.get()) != 0) return IoError(temporary, "synced", errno);
  return Status::Ok();
}

void SyncFolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const FileDescriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // A file system that cannot sync folders has still renamed.
  if (descriptor.get() >= 0) (void)::fsync(descriptor.get());
}

constexpr std::size_t kUnpackStep = std::size_t{1} << 20;

struct InflateEnd {
  void operator()(z_stream* stream) const {
    inflateEnd(stream);
    delete stream;
  }
};

}  // namespace

Result<std::string> ReadDataFile(const std::string& path, std::uint64_t limit) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return Status(errors::kDataNotFound, path + " cannot be opened: " + Reason(errno));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return IoError(path, "examined", errno);
  if (!S_ISREG(info.st_mode)) return Status(errors::kDataNotFound, path + " is not a plain file");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size > limit) {
    return Status(errors::kStorageIo, path + " has " + std::to_string(size) + " bytes, at most " +
                                          std::to_string(limit) + " are read");
  }
  CAIRN_ASSIGN_OR_RETURN(std::string bytes, ReadAll(file, path, size));
  return UnpackIfGzip(std::move(bytes), path, limit);
}

Result<std::string> UnpackIfGzip(std::string bytes, const std::string& name, std::uint64_t limit) {
  if (!std::string_view(bytes).starts_with("\x1f\x8b")) return bytes;
  std::unique_ptr<z_stream, InflateEnd> stream(new z_stream{});
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(stream.get(), kGzipOnly) != Z_OK) return Status(errors::kInternal, "zlib does not start");
  std::string out;
  std::size_t taken = 0, filled = 0;
  for (;;) {
    if (filled == out.size()) {
      if (filled >= limit) {
        return Status(errors::kGzipDamaged,
                      name + " unpacks to more than " + std::to_string(limit) + " bytes");
      }
      out.resize(std::min<std::uint64_t>(limit, std::max(filled * 2, kUnpackStep)));
    }
    const std::size_t in = std::min(bytes.size() - taken, kUnpackStep);
    const std::size_t room = std::min(out.size() - filled, kUnpackStep);
    stream->next_in = reinterpret_cast<Bytef*>(bytes.data() + taken);
    stream->avail_in = static_cast<uInt>(in);
    stream->next_out = reinterpret_cast<Bytef*>(out.data() + filled);
    stream->avail_out = static_cast<uInt>(room);
    const int code = inflate(stream.get(), Z_NO_FLUSH);
    taken += in - stream->avail_in;
    filled += room - stream->avail_out;
    if (code == Z_STREAM_END) {
      if (taken == bytes.size()) break;
      if (inflateReset(stream.get()) != Z_OK) return Status(errors::kInternal, "zlib does not restart");
    } else if (code == Z_BUF_ERROR || (code == Z_OK && taken == bytes.size() && stream->avail_out != 0)) {
      return Status(errors::kGzipDamaged,
                    name + ": the gzip data ends early, after " + std::to_string(taken) + " bytes");
    } else if (code != Z_OK) {
      return Status(errors::kGzipDamaged,
                    name + ": the gzip data is damaged near byte " + std::to_string(taken));
    }
  }
  out.resize(filled);
  return out;
}

Status WriteFileAtomically(const std::string& path, const std::function<Status(const ByteSink&)>& write) {
  const std::string temporary = path + ".tmp" + std::to_string(::getpid());
  Status status = WriteAndSync(temporary, write);
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0)
    status = IoError(path, "renamed into place", errno);
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  SyncFolderOf(path);
  return Status::Ok();
}

}  // namespace cairn

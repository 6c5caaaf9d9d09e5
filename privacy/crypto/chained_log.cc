#include "privacy/crypto/chained_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <vector>

#include "privacy/crypto/file_io.h"
#include "privacy/crypto/log_format.h"
#include "privacy/crypto/private_file.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;
namespace format = log_format;

fs::path HeadPath(const fs::path& path) { return path.string() + ".head"; }

bool Exists(const fs::path& path) { return access(path.c_str(), F_OK) == 0; }

// The head first: a crash in between leaves a head of sequence 0, from which creation starts again.
Status Create(const fs::path& path, std::string_view label) {
  const Bytes slot = format::EncodeSlot(format::EmptyHead(label));
  CAIRN_RETURN_IF_ERROR(WritePrivateFile(HeadPath(path), SecretBytes::CopyOf(slot)));
  return WritePrivateFile(path, SecretBytes::CopyOf(format::FileHeader()));
}

Result<LogHead> ReadHead(const fs::path& path) {
  const Result<Bytes> file = ReadPublicFile(HeadPath(path), 4096);
  const std::optional<LogHead> head = file.ok() ? format::ReadHeadFile(*file) : std::nullopt;
  if (head) return *head;
  return Status(errors::kStorageCorrupt, HeadPath(path).string() +
                                             " is missing or damaged: nothing says how far " +
                                             path.filename().string() + " went");
}

Status PrepareFiles(const fs::path& path, std::string_view label) {
  if (Exists(path)) return {};
  if (Exists(HeadPath(path))) {
    CAIRN_ASSIGN_OR_RETURN(const LogHead head, ReadHead(path));
    if (head.sequence != 0) {
      return Status(errors::kStorageCorrupt, path.string() + " is missing; " + std::to_string(head.sequence) +
                                                 " records were written");
    }
  }
  return Create(path, label);
}

Result<Descriptor> OpenFile(const fs::path& path, int flags) {
  Descriptor file(open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) return SystemError(path, "open", errno);
  return file;
}

Result<std::uint64_t> SizeOf(const fs::path& path, int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return SystemError(path, "inspect", errno);
  if (!S_ISREG(info.st_mode)) return Status(errors::kStorageIo, path.string() + " is not a plain file");
  return static_cast<std::uint64_t>(info.st_size);
}

}  // namespace

struct ChainedLog::State {
  fs::path path;
  Descriptor log, heads;
  LogHead head;
  std::uint64_t size = 0;
  bool broken = false;
};

Status ChainedLog::WriteHead(const State& state, const LogHead& head) {
  CAIRN_RETURN_IF_ERROR(WriteAllAt(HeadPath(state.path), state.heads.get(), format::EncodeSlot(head),
                                   format::SlotOffset(head)));
  if (fdatasync(state.heads.get()) != 0) return SystemError(HeadPath(state.path), "sync", errno);
  return {};
}

ChainedLog::ChainedLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChainedLog::~ChainedLog() = default;
LogHead ChainedLog::head() const { return state_->head; }

Result<std::unique_ptr<ChainedLog>> ChainedLog::Open(const fs::path& path, std::string_view label,
                                                     const LogVisitor& visit) {
  CAIRN_RETURN_IF_ERROR(PrepareFiles(path, label));
  auto state = std::make_unique<State>();
  state->path = path;
  CAIRN_ASSIGN_OR_RETURN(state->log, OpenFile(path, O_RDWR));
  if (flock(state->log.get(), LOCK_EX | LOCK_NB) != 0) {
    return Status(errors::kStorageLocked, path.string() + " is open in another process");
  }
  CAIRN_ASSIGN_OR_RETURN(const LogHead known, ReadHead(path));
  CAIRN_ASSIGN_OR_RETURN(state->heads, OpenFile(HeadPath(path), O_RDWR));
  CAIRN_ASSIGN_OR_RETURN(const std::uint64_t size, SizeOf(path, state->log.get()));
  CAIRN_ASSIGN_OR_RETURN(const format::WalkEnd end,
                         format::Walk(path, state->log.get(), size, label, visit, std::span(&known, 1)));
  if (!end.whole && (ftruncate(state->log.get(), static_cast<off_t>(end.offset)) != 0 ||
                     fdatasync(state->log.get()) != 0)) {
    return SystemError(path, "cut the torn end of", errno);
  }
  state->head = end.head;
  state->size = end.offset;
  // A crash kept the last record from its slot, or tore the slot: written now, or the next append would
  // overwrite the one slot that holds.
  if (!(known == end.head)) CAIRN_RETURN_IF_ERROR(WriteHead(*state, end.head));
  return std::unique_ptr<ChainedLog>(new ChainedLog(std::move(state)));
}

Result<LogHead> ChainedLog::Append(std::uint16_t type, std::span<const std::byte> payload) {
  State& state = *state_;
  if (state.broken)
    return Status(errors::kStorageIo, state.path.string() + ": an earlier write failed; open the log again");
  if (payload.size() > kMaxPayload) {
    return Status(errors::kStorageIo, state.path.string() + ": a record of " +
                                          std::to_string(payload.size()) + " bytes, expected at most " +
                                          std::to_string(kMaxPayload));
  }
  const auto [record, after] = format::EncodeRecord(state.head, type, payload);
  if (Status written = WriteAllAt(state.path, state.log.get(), record, state.size); !written.ok()) {
    // A full disk: what is there of the record goes again, and a later append may succeed.
    state.broken = ftruncate(state.log.get(), static_cast<off_t>(state.size)) != 0;
    return written;
  }
  // After a failed sync nobody knows what is on disk, so nothing is undone and nothing goes on.
  state.broken = true;
  if (fdatasync(state.log.get()) != 0) return SystemError(state.path, "sync", errno);
  CAIRN_RETURN_IF_ERROR(WriteHead(state, after));
  state.broken = false;
  state.head = after;
  state.size += record.size();
  return after;
}

Result<LogHead> ChainedLog::Verify(const fs::path& path, std::string_view label, const LogVisitor& visit,
                                   std::optional<LogHead> anchor) {
  CAIRN_ASSIGN_OR_RETURN(const Descriptor file, OpenFile(path, O_RDONLY));
  CAIRN_ASSIGN_OR_RETURN(const LogHead known, ReadHead(path));
  std::vector<LogHead> must_contain{known};
  if (anchor) must_contain.push_back(*anchor);
  CAIRN_ASSIGN_OR_RETURN(const std::uint64_t size, SizeOf(path, file.get()));
  CAIRN_ASSIGN_OR_RETURN(const format::WalkEnd end,
                         format::Walk(path, file.get(), size, label, visit, must_contain));
  return end.head;
}

}  // namespace cairn

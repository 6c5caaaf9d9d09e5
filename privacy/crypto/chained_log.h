#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "core/base/result.h"
#include "privacy/crypto/sha256.h"
#include "privacy/crypto/text_codec.h"

namespace cairn {

struct LogHead {
  std::uint64_t sequence = 0;  // of the last record; 0: none yet
  Sha256Digest hash;
  friend bool operator==(const LogHead&, const LogHead&) = default;
};

struct LogRecord {
  std::uint64_t sequence = 0;          // from 1
  std::uint16_t type = 0;              // the caller's
  std::span<const std::byte> payload;  // borrowed for the call
  Sha256Digest hash;
};
// An error it returns ends the walk and is handed on.
using LogVisitor = std::function<Status(const LogRecord&)>;

// An append-only file whose records are chained by hash: a site's journal, ledger and audit log.
// Append returns when the record is on disk. What Open gives back is everything that Append ever
// returned for, or an error: a record cut short by a crash before Append returned is removed, any
// other damage is kStorageCorrupt.
//
//   file   = "CAIRNLOG" u32 1 (version), records
//   record = u32 payload size, u16 type, u64 sequence, previous hash (32), payload, CRC-32C of all these
//   hash   = SHA-256 of the record without its CRC; before the first record it is that of the label
// Beside it, FILE.head holds {sequence, hash, CRC-32C} in two slots written in turn after each record: a
// log that lacks the record named there was truncated or damaged. Little-endian.
//
//   auto log = ChainedLog::Open(dir / "journal", "journal", [&](const LogRecord& r) { return state.Replay(r);
//   });
//
// One process at a time (the file is locked, kStorageLocked); not thread-safe.
class ChainedLog {
 public:
  static constexpr std::size_t kMaxPayload = 16 * 1024 * 1024;

  // Creates the log when neither file is there; walks every record in order. The label is part of the
  // chain, so a log of another purpose is refused.
  static Result<std::unique_ptr<ChainedLog>> Open(const std::filesystem::path& path, std::string_view label,
                                                  const LogVisitor& visit);
  ~ChainedLog();

  // Errors: kStorageFull and kStorageIo. After a failure that could not be undone, every further
  // append fails: open the log again.
  Result<LogHead> Append(std::uint16_t type, std::span<const std::byte> payload);
  LogHead head() const;

  // Walks without changing or locking anything. With an anchor, a head kept elsewhere, the log must
  // still contain that record: its removal is found even when both files were rewritten.
  static Result<LogHead> Verify(const std::filesystem::path& path, std::string_view label,
                                const LogVisitor& visit, std::optional<LogHead> anchor = std::nullopt);

 private:
  struct State;
  static Status WriteHead(const State& state, const LogHead& head);
  explicit ChainedLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cairn

#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "client/agent/agent_messages.h"
#include "core/base/result.h"
#include "protocol/messages/model_ref.h"

// What a site's log holds: one entry a thing that left, was answered or was decided. Replaying the
// entries in order gives what an agent starts from.
//
//   entry := text("cairn-agent-1") kind(u8) time(i64, ms since 1970) body      as in transcript.h
//
// Kinds: 1 egress · 2 released · 3 answered · 4 approval · 5 stopped for good. Never renumbered.

namespace cairn {

using WallTime = std::chrono::system_clock::time_point;

// One object that leaves the site, written before its bytes go.
struct EgressEntry {
  RoundKey key;
  RoundKind kind = RoundKind::kTrain;
  bool is_masked = false;
  std::uint64_t bytes = 0;  // of update and metrics
  BlobRef object;           // the update as it travels; of a report without one, the report's file
  BlobRef file;             // the spooled report, for sending it again
  std::string destination;
  friend bool operator==(const EgressEntry&, const EgressEntry&) = default;
};

struct ReleasedEntry {
  RoundKey key;
  friend bool operator==(const ReleasedEntry&, const ReleasedEntry&) = default;
};

struct AnsweredEntry {
  JobId job;
  std::string digest;
  JobAnswer answer = JobAnswer::kDecline;
  ErrorId reason;
  friend bool operator==(const AnsweredEntry&, const AnsweredEntry&) = default;
};

struct JournalEntry {
  using Body = std::variant<EgressEntry, ReleasedEntry, AnsweredEntry, JobApproval, StoppedJob>;
  WallTime time;  // kept in milliseconds
  Body body;
  friend bool operator==(const JournalEntry&, const JournalEntry&) = default;
};

std::vector<std::byte> EncodeEntry(const JournalEntry& entry);
Result<JournalEntry> DecodeEntry(std::span<const std::byte> bytes);  // kStorageCorrupt

// What the entries so far amount to. A value; not thread-safe.
class AgentHistory {
 public:
  void Add(const JournalEntry& entry);

  const std::vector<JobApproval>& approvals() const { return approvals_; }  // one a digest, oldest first
  const std::vector<StoppedJob>& stopped() const { return stopped_; }       // oldest first
  const std::vector<EgressEntry>& open_reports() const { return open_; }    // not released, one a job
  // Everything that left since then, oldest first.
  std::vector<JournalEntry> EgressSince(WallTime since) const;

 private:
  std::vector<JobApproval> approvals_;
  std::vector<StoppedJob> stopped_;
  std::vector<EgressEntry> open_;
  std::vector<JournalEntry> egress_;
};

}  // namespace cairn

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "client/agent/agent_journal.h"
#include "client/agent/agent_messages.h"
#include "client/agent/client_agent.h"
#include "client/agent/report_file.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/status.h"

namespace cairn {

// Where a store's bytes lie: a log that only grows, the spooled reports, and evidence against an aggregator.
// In files (file_agent_storage.h) or in memory (memory_agent_storage.h). Report calls may come from any
// thread, log calls from one at a time.
class AgentStorage {
 public:
  virtual ~AgentStorage() = default;
  virtual Status ReadLog(const std::function<Status(std::span<const std::byte>)>& each) = 0;  // once, first
  virtual Status Append(std::span<const std::byte> entry) = 0;                   // durable on return
  virtual Status PutReport(RoundKey key, std::span<const std::byte> bytes) = 0;  // likewise
  virtual Result<std::vector<std::byte>> GetReport(RoundKey key) = 0;            // kNotFound
  virtual void DropReport(RoundKey key) = 0;
  virtual std::vector<RoundKey> Reports() = 0;
  virtual Status PutEvidence(RoundKey key, std::span<const std::byte> bytes) = 0;  // durable; kept for ever
};

// What a site's agent keeps over a restart: decisions of people, sealed reports until nobody asks
// for them any more, the jobs it will never take part in again, and the record of everything that left.
// A contradiction is kept as a file that `cairn client audit evidence` reads, written before its entry.
//
// Spool may be called on any thread, everything else on the control thread.
class AgentStore {
 public:
  struct Config {
    EgressGuard::Limits limits;  // stored reports must pass them again
    std::string destination;     // where reports go, for the record: the aggregator's address
  };

  // Replays the log. kStorageCorrupt when an entry cannot be read, and the storage's errors.
  static Result<std::unique_ptr<AgentStore>> Open(std::unique_ptr<AgentStorage> storage, Config config,
                                                  const WallClock& clock);

  // Writes a report's bytes, so that its record costs no more than any other. A model-sized job for a lane.
  Status Spool(const SealedReport& report);
  // Forgets what was spooled for an attempt nobody waits for any more, unless its record was written.
  void Discard(RoundKey key);
  // Durable on return. Spools a sealed report that was not spooled before.
  Status Apply(const AgentRecord& record);
  // The jobs stopped here for good, oldest first. Of the first kMostEvidence of them the evidence is kept.
  static constexpr std::size_t kMostEvidence = 64;
  const std::vector<StoppedJob>& Stopped() const { return history_.stopped(); }
  // What an agent restarts from. A report whose bytes are damaged or no longer pass the limits is left out
  // and said so in the log: its round is worked on again.
  AgentSnapshot Load();
  // Everything that left since then, oldest first.
  std::vector<JournalEntry> EgressSince(WallTime since) const { return history_.EgressSince(since); }

 private:
  struct Spooled {
    BlobRef file, update;
  };

  AgentStore(std::unique_ptr<AgentStorage> storage, Config config, const WallClock& clock);
  Result<JournalEntry::Body> BodyOf(const AgentRecord& record);
  Result<StoppedJob> KeepEvidence(const ContradictionFound& found);
  Result<SealedReportHandle> ReadBack(const EgressEntry& entry);
  void DropOrphans();

  std::unique_ptr<AgentStorage> storage_;
  Config config_;
  const WallClock* clock_;
  AgentHistory history_;
  std::mutex mutex_;
  std::map<RoundKey, Spooled> spooled_;  // not yet in the log; guarded by mutex_
};

}  // namespace cairn

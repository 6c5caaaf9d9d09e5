#include "client/agent/agent_store.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "protocol/messages/blob_ref.h"

namespace cairn {

AgentStore::AgentStore(std::unique_ptr<AgentStorage> storage, Config config, const WallClock& clock)
    : storage_(std::move(storage)), config_(std::move(config)), clock_(&clock) {}

Result<std::unique_ptr<AgentStore>> AgentStore::Open(std::unique_ptr<AgentStorage> storage, Config config,
                                                     const WallClock& clock) {
  std::unique_ptr<AgentStore> store(new AgentStore(std::move(storage), std::move(config), clock));
  CAIRN_RETURN_IF_ERROR(store->storage_->ReadLog([&](std::span<const std::byte> bytes) -> Status {
    CAIRN_ASSIGN_OR_RETURN(const JournalEntry entry, DecodeEntry(bytes));
    store->history_.Add(entry);
    return {};
  }));
  store->DropOrphans();
  return store;
}

// Reports spooled before a crash whose record never came, and those whose release was the last word.
void AgentStore::DropOrphans() {
  const auto& open = history_.open_reports();
  for (const RoundKey& key : storage_->Reports()) {
    const bool is_open =
        std::ranges::any_of(open, [&](const EgressEntry& entry) { return entry.key == key; });
    if (!is_open) storage_->DropReport(key);
  }
}

Status AgentStore::Spool(const SealedReport& report) {
  const ReportFile file = EncodeReport(report);
  const RoundKey key = report.content().key;
  CAIRN_RETURN_IF_ERROR(storage_->PutReport(key, file.bytes));
  const std::scoped_lock lock(mutex_);
  spooled_[key] = {file.file, file.update};
  return {};
}

void AgentStore::Discard(RoundKey key) {
  const auto& open = history_.open_reports();
  const bool is_open = std::ranges::any_of(open, [&](const EgressEntry& entry) { return entry.key == key; });
  if (is_open) return;
  {
    const std::scoped_lock lock(mutex_);
    if (spooled_.erase(key) == 0) return;
  }
  storage_->DropReport(key);
}

Result<JournalEntry::Body> AgentStore::BodyOf(const AgentRecord& record) {
  if (const auto* released = std::get_if<ReportReleased>(&record))
    return JournalEntry::Body(ReleasedEntry{released->key});
  if (const auto* approval = std::get_if<JobApproval>(&record)) return JournalEntry::Body(*approval);
  if (const auto* answered = std::get_if<JobAnswered>(&record)) {
    return JournalEntry::Body(
        AnsweredEntry{answered->job, answered->digest, answered->answer, answered->reason});
  }
  if (const auto* found = std::get_if<ContradictionFound>(&record)) {
    CAIRN_ASSIGN_OR_RETURN(StoppedJob stopped, KeepEvidence(*found));
    return JournalEntry::Body(std::move(stopped));
  }
  const SealedReport& report = *std::get<ReportSealed>(record).report;
  const RoundKey key = report.content().key;
  const auto find = [&]() -> const Spooled* {
    const std::scoped_lock lock(mutex_);
    const auto it = spooled_.find(key);
    return it == spooled_.end() ? nullptr : &it->second;  // only this thread erases
  };
  const Spooled* spooled = find();
  if (spooled == nullptr) {
    CAIRN_RETURN_IF_ERROR(Spool(report));
    spooled = find();
  }
  return JournalEntry::Body(EgressEntry{key, report.content().kind, report.content().masked.has_value(),
                                        report.byte_size(), spooled->update, spooled->file,
                                        config_.destination});
}

Status AgentStore::Apply(const AgentRecord& record) {
  CAIRN_ASSIGN_OR_RETURN(JournalEntry::Body body, BodyOf(record));
  const JournalEntry entry{std::chrono::floor<std::chrono::milliseconds>(clock_->Now()), std::move(body)};
  CAIRN_RETURN_IF_ERROR(storage_->Append(EncodeEntry(entry)));
  history_.Add(entry);
  if (const auto* released = std::get_if<ReportReleased>(&record)) storage_->DropReport(released->key);
  if (const auto* sealed = std::get_if<ReportSealed>(&record)) {
    const std::scoped_lock lock(mutex_);
    spooled_.erase(sealed->report->content().key);
  }
  return {};
}

// An aggregator that contradicts itself in job after job must not fill the disk.
Result<StoppedJob> AgentStore::KeepEvidence(const ContradictionFound& found) {
  StoppedJob stopped{found.key, found.digest, {}};
  if (history_.stopped().size() >= kMostEvidence) return stopped;
  const std::vector<std::byte> bytes = secagg::EncodeContradiction(*found.evidence);
  CAIRN_RETURN_IF_ERROR(storage_->PutEvidence(found.key, bytes));
  stopped.evidence = BlobRefOf(bytes);
  return stopped;
}

Result<SealedReportHandle> AgentStore::ReadBack(const EgressEntry& entry) {
  CAIRN_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, storage_->GetReport(entry.key));
  if (BlobRefOf(bytes) != entry.file) {
    return Status(errors::kStorageCorrupt, "the stored report of round " +
                                               std::to_string(entry.key.round.value) +
                                               " does not match its hash in the log");
  }
  CAIRN_ASSIGN_OR_RETURN(SealedReport report, DecodeReport(bytes, EgressGuard(config_.limits)));
  return SealedReportHandle(std::make_shared<SealedReport>(std::move(report)));
}

AgentSnapshot AgentStore::Load() {
  AgentSnapshot snapshot;
  snapshot.approvals = history_.approvals();
  snapshot.stopped = history_.stopped();
  for (const EgressEntry& entry : history_.open_reports()) {
    Result<SealedReportHandle> report = ReadBack(entry);
    if (report.ok()) {
      snapshot.reports.push_back(std::move(*report));
      continue;
    }
    Log(LogLevel::kError, "store", "a stored report is not used",
        {{"job", entry.key.job.value},
         {"round", entry.key.round.value},
         {"why", report.status().ToString()}});
  }
  return snapshot;
}

}  // namespace cairn

#include "aggregator/persistence/job_store.h"

#include <algorithm>
#include <map>
#include <string>

#include "aggregator/persistence/high_water.h"
#include "aggregator/persistence/record_codec.h"
#include "aggregator/persistence/sqlite_handle.h"
#include "core/runtime/files.h"
#include "privacy/crypto/text_codec.h"

namespace cairn {
namespace {

constexpr int kApplicationId = 0x4341524e;  // "CARN", shown by `file`
constexpr int kSchemaVersion = 1;
constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS journal ("
    "  sequence INTEGER PRIMARY KEY,"
    "  at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ')),"  // for people; not part of the chain
    "  record TEXT NOT NULL,"
    "  head BLOB NOT NULL"
    ") STRICT;";

Sha256Digest Chain(const Sha256Digest& before, std::uint64_t sequence, std::string_view record) {
  Sha256 hash;
  hash.Update(before.bytes);
  hash.Update(AsBytes(std::to_string(sequence) + "\n"));
  hash.Update(AsBytes(record));
  return std::move(hash).Finish();
}

}  // namespace

void ApplyRecord(JobSnapshot& snapshot, const Record& record) {
  if (const auto* accepted = std::get_if<JobAccepted>(&record.body)) {
    snapshot.manifest = accepted->manifest;
    snapshot.model = accepted->manifest->initial_model;
  } else if (const auto* fixed = std::get_if<ParticipantFixed>(&record.body)) {
    // A commit that failed half-way may have recorded the same participants twice.
    const std::size_t index = fixed->client.value;
    if (index >= snapshot.participants.size()) snapshot.participants.resize(index + 1);
    snapshot.participants[index] = fixed->site;
  } else if (const auto* opened = std::get_if<RoundOpened>(&record.body)) {
    snapshot.open = std::make_shared<RoundOpened>(*opened);
    snapshot.masking.clear();
  } else if (const auto* taken = std::get_if<MaskingTaken>(&record.body)) {
    if (snapshot.open != nullptr && snapshot.open->key == taken->key) snapshot.masking.emplace_back(*taken);
  } else if (const auto* phase = std::get_if<MaskingClosed>(&record.body)) {
    if (snapshot.open != nullptr && snapshot.open->key == phase->key) snapshot.masking.emplace_back(*phase);
  } else if (const auto* committed = std::get_if<RoundCommitted>(&record.body)) {
    snapshot.committed.push_back(committed->summary);
    snapshot.model = committed->model;
    if (committed->summary.kind == RoundKind::kTrain) snapshot.server_state = committed->server_state;
    snapshot.open = nullptr;
    snapshot.masking.clear();
  } else if (const auto* paused = std::get_if<JobPaused>(&record.body)) {
    snapshot.paused = std::make_shared<JobPaused>(*paused);
    snapshot.open = nullptr;
    snapshot.masking.clear();
  } else if (std::holds_alternative<JobResumed>(record.body)) {
    if (snapshot.paused != nullptr) snapshot.resumed = snapshot.paused->key;
    snapshot.paused = nullptr;
  } else if (const auto* closed = std::get_if<JobClosed>(&record.body)) {
    snapshot.closed = std::make_shared<JobClosed>(*closed);
    snapshot.open = nullptr;
  }
}

class JobStore::Database {
 public:
  Database(SqliteHandle handle, std::filesystem::path high_water)
      : handle_(std::move(handle)), high_water_(std::move(high_water)) {}

  Status Prepare() {
    CAIRN_RETURN_IF_ERROR(handle_.Execute(kSchema));
    const std::string pragmas = "PRAGMA application_id=" + std::to_string(kApplicationId) +
                                "; PRAGMA user_version=" + std::to_string(kSchemaVersion) + ";";
    CAIRN_RETURN_IF_ERROR(handle_.Execute(pragmas.c_str()));
    CAIRN_ASSIGN_OR_RETURN(const HighWaterMark mark, ReadHighWater(high_water_));
    bool mark_seen = mark.sequence == 0;
    CAIRN_RETURN_IF_ERROR(ForEach([&](std::uint64_t sequence, const std::string&, const Sha256Digest& head) {
      mark_seen = mark_seen || (sequence == mark.sequence && head == mark.head);
      tail_ = {sequence, head};
      return Status();
    }));
    if (mark_seen) return {};
    return Status(errors::kStorageCorrupt, "the journal ends at record " + std::to_string(tail_.sequence) +
                                               ", but record " + std::to_string(mark.sequence) +
                                               " was made durable")
        .Mend("restore the state directory from its last backup; never delete the high-water file");
  }

  // Replaces the row that an Append left whose mark could not be written: its caller was told that it failed.
  Status Append(const std::string& record) {
    const HighWaterMark next{tail_.sequence + 1, Chain(tail_.head, tail_.sequence + 1, record)};
    CAIRN_ASSIGN_OR_RETURN(
        const SqliteStatement insert,
        handle_.Prepare("INSERT OR REPLACE INTO journal(sequence, record, head) VALUES (?1, ?2, ?3)"));
    sqlite3_bind_int64(insert.get(), 1, static_cast<sqlite3_int64>(next.sequence));
    sqlite3_bind_text(insert.get(), 2, record.data(), static_cast<int>(record.size()), SQLITE_STATIC);
    sqlite3_bind_blob(insert.get(), 3, next.head.bytes.data(), static_cast<int>(next.head.bytes.size()),
                      SQLITE_STATIC);
    if (sqlite3_step(insert.get()) != SQLITE_DONE) return handle_.Error("write");
    CAIRN_RETURN_IF_ERROR(WriteHighWater(high_water_, next));
    tail_ = next;
    return {};
  }

  // Walks the journal in order and holds every row against the chain.
  template <class Visit>
  Status ForEach(Visit visit) const {
    CAIRN_ASSIGN_OR_RETURN(const SqliteStatement rows,
                           handle_.Prepare("SELECT sequence, record, head FROM journal ORDER BY sequence"));
    HighWaterMark at;
    int code;
    while ((code = sqlite3_step(rows.get())) == SQLITE_ROW) {
      const auto sequence = static_cast<std::uint64_t>(sqlite3_column_int64(rows.get(), 0));
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(rows.get(), 1));
      const std::string record(text, static_cast<std::size_t>(sqlite3_column_bytes(rows.get(), 1)));
      Sha256Digest head;
      const bool sized = sqlite3_column_bytes(rows.get(), 2) == static_cast<int>(head.bytes.size());
      if (sized)
        std::copy_n(static_cast<const std::byte*>(sqlite3_column_blob(rows.get(), 2)), 32,
                    head.bytes.begin());
      if (!sized || sequence != at.sequence + 1 || head != Chain(at.head, sequence, record)) {
        return Status(errors::kStorageCorrupt,
                      "journal record " + std::to_string(sequence) + " does not fit the chain");
      }
      at = {sequence, head};
      CAIRN_RETURN_IF_ERROR(visit(sequence, record, head));
    }
    return code == SQLITE_DONE ? Status() : handle_.Error("read");
  }

  std::uint64_t records() const { return tail_.sequence; }

 private:
  SqliteHandle handle_;
  std::filesystem::path high_water_;
  HighWaterMark tail_;
};

JobStore::JobStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
JobStore::~JobStore() = default;

Result<std::unique_ptr<JobStore>> JobStore::Open(const std::filesystem::path& folder) {
  CAIRN_RETURN_IF_ERROR(MakeFolders(folder));
  CAIRN_ASSIGN_OR_RETURN(SqliteHandle handle, SqliteHandle::Open(folder / "journal.db"));
  auto database = std::make_unique<Database>(std::move(handle), folder / "journal.mark");
  CAIRN_RETURN_IF_ERROR(database->Prepare());
  return std::unique_ptr<JobStore>(new JobStore(std::move(database)));
}

Status JobStore::Apply(const Record& record) { return database_->Append(EncodeRecord(record)); }

Result<std::vector<JobSnapshot>> JobStore::Load() const {
  std::vector<JobSnapshot> snapshots;
  std::map<JobId, std::size_t> index;
  CAIRN_RETURN_IF_ERROR(
      database_->ForEach([&](std::uint64_t, const std::string& text, const Sha256Digest&) -> Status {
        CAIRN_ASSIGN_OR_RETURN(const Record record, DecodeRecord(text));
        if (std::holds_alternative<JobAccepted>(record.body) &&
            index.emplace(record.job, snapshots.size()).second) {
          snapshots.emplace_back();
        }
        const auto at = index.find(record.job);
        if (at == index.end())
          return Status(errors::kStorageCorrupt, "a journal record belongs to no accepted job");
        ApplyRecord(snapshots[at->second], record);
        return {};
      }));
  return snapshots;
}

Result<std::vector<Record>> JobStore::RecordsOf(JobId job) const {
  std::vector<Record> records;
  CAIRN_RETURN_IF_ERROR(
      database_->ForEach([&](std::uint64_t, const std::string& text, const Sha256Digest&) -> Status {
        CAIRN_ASSIGN_OR_RETURN(Record record, DecodeRecord(text));
        if (record.job == job) records.push_back(std::move(record));
        return {};
      }));
  return records;
}

std::uint64_t JobStore::records() const { return database_->records(); }

}  // namespace cairn

#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "aggregator/engine/actions.h"
#include "core/base/result.h"

namespace cairn {

// The aggregator's journal: every record of every job, in one SQLite database in write-ahead mode,
// each row chained to the one before by SHA-256, with a high-water file beside it. Apply is durable
// when it returns. One thread.
//
// A damaged, reordered, removed or truncated row is found when the store is opened (kStorageCorrupt).
class JobStore {
 public:
  // Makes or opens `folder`/journal.db and checks the whole chain.
  static Result<std::unique_ptr<JobStore>> Open(const std::filesystem::path& folder);
  ~JobStore();

  // kStorageFull leaves the store as it was and usable; any other failure ends its usefulness.
  Status Apply(const Record& record);

  // Where every job stands, in the order the jobs were accepted.
  Result<std::vector<JobSnapshot>> Load() const;
  // Every record of one job, in order.
  Result<std::vector<Record>> RecordsOf(JobId job) const;
  std::uint64_t records() const;

 private:
  class Database;
  explicit JobStore(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

// What a snapshot is after one more record.
void ApplyRecord(JobSnapshot& snapshot, const Record& record);

}  // namespace cairn

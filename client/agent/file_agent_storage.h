#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "client/agent/agent_store.h"
#include "privacy/crypto/chained_log.h"

namespace cairn {

// An AgentStorage in a folder: agent.log (a ChainedLog), reports/JOB-ROUND-ATTEMPT.report and
// evidence/JOB-ROUND-ATTEMPT.evidence. The folder belongs to one process at a time.
//
//   CAIRN_ASSIGN_OR_RETURN(auto storage, FileAgentStorage::Create(config.state_dir));
//   CAIRN_ASSIGN_OR_RETURN(auto store, AgentStore::Open(std::move(storage), …, wall_clock));
//
// Errors: kStorageLocked while another process has it, kStorageCorrupt when the log was damaged,
// kStorageFull and kStorageIo from the disk.
class FileAgentStorage final : public AgentStorage {
 public:
  static Result<std::unique_ptr<AgentStorage>> Create(std::filesystem::path folder);
  ~FileAgentStorage() override;
  // Walks the log in `folder` without changing or locking it. kStorageCorrupt.
  static Result<LogHead> Verify(const std::filesystem::path& folder);
  static std::filesystem::path EvidencePath(const std::filesystem::path& folder, RoundKey key);

  Status ReadLog(const std::function<Status(std::span<const std::byte>)>& each) override;
  Status Append(std::span<const std::byte> entry) override;
  Status PutReport(RoundKey key, std::span<const std::byte> bytes) override;
  Result<std::vector<std::byte>> GetReport(RoundKey key) override;
  void DropReport(RoundKey key) override;
  std::vector<RoundKey> Reports() override;
  Status PutEvidence(RoundKey key, std::span<const std::byte> bytes) override;

 private:
  explicit FileAgentStorage(std::filesystem::path folder);
  std::filesystem::path ReportPath(RoundKey key) const;

  const std::filesystem::path folder_;
  std::unique_ptr<ChainedLog> log_;
};

}  // namespace cairn

#pragma once

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "client/agent/agent_store.h"

namespace cairn {

// Bytes that outlive their store, not their process: two storages over one `Memory` are a restart.
class MemoryAgentStorage final : public AgentStorage {
 public:
  struct Memory {
    std::mutex mutex;
    std::vector<std::vector<std::byte>> log;
    std::map<RoundKey, std::vector<std::byte>> reports;
    std::map<RoundKey, std::vector<std::byte>> evidence;
    Status next_failure;  // the next Append fails with it
  };

  explicit MemoryAgentStorage(std::shared_ptr<Memory> memory) : memory_(std::move(memory)) {}

  Status ReadLog(const std::function<Status(std::span<const std::byte>)>& each) override;
  Status Append(std::span<const std::byte> entry) override;
  Status PutReport(RoundKey key, std::span<const std::byte> bytes) override;
  Result<std::vector<std::byte>> GetReport(RoundKey key) override;
  void DropReport(RoundKey key) override;
  std::vector<RoundKey> Reports() override;
  Status PutEvidence(RoundKey key, std::span<const std::byte> bytes) override;

 private:
  std::shared_ptr<Memory> memory_;  // shared with the test that restarts
};

}  // namespace cairn

#include "client/agent/memory_agent_storage.h"

namespace cairn {

Status MemoryAgentStorage::ReadLog(const std::function<Status(std::span<const std::byte>)>& each) {
  const std::scoped_lock lock(memory_->mutex);
  for (const auto& entry : memory_->log) CAIRN_RETURN_IF_ERROR(each(entry));
  return {};
}

Status MemoryAgentStorage::Append(std::span<const std::byte> entry) {
  const std::scoped_lock lock(memory_->mutex);
  if (!memory_->next_failure.ok()) return std::exchange(memory_->next_failure, Status());
  memory_->log.emplace_back(entry.begin(), entry.end());
  return {};
}

Status MemoryAgentStorage::PutReport(RoundKey key, std::span<const std::byte> bytes) {
  const std::scoped_lock lock(memory_->mutex);
  memory_->reports[key].assign(bytes.begin(), bytes.end());
  return {};
}

Result<std::vector<std::byte>> MemoryAgentStorage::GetReport(RoundKey key) {
  const std::scoped_lock lock(memory_->mutex);
  const auto it = memory_->reports.find(key);
  if (it == memory_->reports.end()) return Status(errors::kNotFound, "no such report is stored");
  return it->second;
}

void MemoryAgentStorage::DropReport(RoundKey key) {
  const std::scoped_lock lock(memory_->mutex);
  memory_->reports.erase(key);
}

std::vector<RoundKey> MemoryAgentStorage::Reports() {
  const std::scoped_lock lock(memory_->mutex);
  std::vector<RoundKey> keys;
  for (const auto& [key, bytes] : memory_->reports) keys.push_back(key);
  return keys;
}

Status MemoryAgentStorage::PutEvidence(RoundKey key, std::span<const std::byte> bytes) {
  const std::scoped_lock lock(memory_->mutex);
  memory_->evidence[key].assign(bytes.begin(), bytes.end());
  return {};
}

}  // namespace cairn

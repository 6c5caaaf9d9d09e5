#include "client/agent/file_agent_storage.h"

#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/log.h"
#include "core/runtime/files.h"
#include "privacy/crypto/chained_log.h"
#include "protocol/messages/limits.h"

namespace cairn {
namespace {

constexpr std::uint16_t kEntryType = 1;
constexpr std::string_view kLogFile = "agent.log", kLogLabel = "cairn-agent-journal-1";
constexpr std::string_view kSuffix = ".report";

// Reads a number and the separator behind it off the front of `text`.
template <class T>
bool TakeNumber(std::string_view& text, char separator, T* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  if (error != std::errc() || end == text.data() + text.size() || *end != separator) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

std::optional<RoundKey> KeyOfName(std::string_view name) {
  RoundKey key;
  const bool is_key = TakeNumber(name, '-', &key.job.value) && TakeNumber(name, '-', &key.round.value) &&
                      TakeNumber(name, '.', &key.attempt) && name == kSuffix.substr(1);
  return is_key ? std::optional(key) : std::nullopt;
}

std::string NameOfKey(RoundKey key) {
  return std::to_string(key.job.value) + "-" + std::to_string(key.round.value) + "-" +
         std::to_string(key.attempt);
}

}  // namespace

FileAgentStorage::FileAgentStorage(std::filesystem::path folder) : folder_(std::move(folder)) {}
FileAgentStorage::~FileAgentStorage() = default;

Result<std::unique_ptr<AgentStorage>> FileAgentStorage::Create(std::filesystem::path folder) {
  CAIRN_RETURN_IF_ERROR(MakeFolders(folder / "reports"));
  return std::unique_ptr<AgentStorage>(new FileAgentStorage(std::move(folder)));
}

Result<LogHead> FileAgentStorage::Verify(const std::filesystem::path& folder) {
  const auto visit = [](const LogRecord& record) {
    return record.type == kEntryType ? DecodeEntry(record.payload).status() : Status();
  };
  return ChainedLog::Verify(folder / kLogFile, kLogLabel, visit);
}

Status FileAgentStorage::ReadLog(const std::function<Status(std::span<const std::byte>)>& each) {
  const auto visit = [&](const LogRecord& record) {
    return record.type == kEntryType ? each(record.payload) : Status();
  };
  CAIRN_ASSIGN_OR_RETURN(log_, ChainedLog::Open(folder_ / kLogFile, kLogLabel, visit));
  return {};
}

Status FileAgentStorage::Append(std::span<const std::byte> entry) {
  CAIRN_CHECK(log_ != nullptr, "the log is read before it is written");
  return std::move(log_->Append(kEntryType, entry)).status();
}

std::filesystem::path FileAgentStorage::ReportPath(RoundKey key) const {
  return folder_ / "reports" / (NameOfKey(key) + std::string(kSuffix));
}

std::filesystem::path FileAgentStorage::EvidencePath(const std::filesystem::path& folder, RoundKey key) {
  return folder / "evidence" / (NameOfKey(key) + ".evidence");
}

Status FileAgentStorage::PutEvidence(RoundKey key, std::span<const std::byte> bytes) {
  CAIRN_RETURN_IF_ERROR(MakeFolders(folder_ / "evidence"));
  CAIRN_RETURN_IF_ERROR(SyncFolder(folder_));
  return WriteFileAtomically(EvidencePath(folder_, key), bytes);
}

Status FileAgentStorage::PutReport(RoundKey key, std::span<const std::byte> bytes) {
  return WriteFileAtomically(ReportPath(key), bytes);
}

Result<std::vector<std::byte>> FileAgentStorage::GetReport(RoundKey key) {
  CAIRN_ASSIGN_OR_RETURN(const std::string text, ReadFile(ReportPath(key), kMaxBlobBytes));
  std::vector<std::byte> bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

void FileAgentStorage::DropReport(RoundKey key) {
  std::error_code error;  // one that stays is swept away at the next start
  std::filesystem::remove(ReportPath(key), error);
  if (error)
    Log(LogLevel::kWarning, "store", "a released report was not removed", {{"why", error.message()}});
}

std::vector<RoundKey> FileAgentStorage::Reports() {
  std::vector<RoundKey> keys;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(folder_ / "reports", error)) {
    if (const auto key = KeyOfName(file.path().filename().string())) keys.push_back(*key);
  }
  return keys;
}

}  // namespace cairn

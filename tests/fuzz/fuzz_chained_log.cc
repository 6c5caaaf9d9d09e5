// Any bytes as a chained log and its head file: the first byte says where the one ends and the other
// begins (in eighths). Refused as damaged, or walked; a log that opens verifies and takes another record.

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "privacy/crypto/chained_log.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;  // NOLINT: a program of its own
  if (size == 0) return 0;
  static const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("cairn-fuzz-log." + std::to_string(getpid()));
  const std::filesystem::path head = path.string() + ".head";
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = text.size() * (data[0] % 8) / 8;
  // The head file is short, so it comes first.
  std::ofstream(head, std::ios::binary | std::ios::trunc) << text.substr(0, std::min<std::size_t>(cut, 108));
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text.substr(std::min<std::size_t>(cut, 108));
  std::uint64_t seen = 0;
  const auto count = [&seen](const LogRecord& record) {
    CAIRN_CHECK(record.sequence == ++seen, "records come in order");
    return Status();
  };
  {
    auto log = ChainedLog::Open(path, "fuzz", count);
    if (log.ok())
      CAIRN_CHECK((*log)->head().sequence == seen && (*log)->Append(1, {}).ok(), "an open log goes on");
    CAIRN_CHECK(log.ok() || log.status().id() == errors::kStorageCorrupt, "damage is called damage");
  }
  std::filesystem::remove(path);
  std::filesystem::remove(head);
  return 0;
}

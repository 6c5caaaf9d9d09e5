// Any bytes as an entry of a site's log and as a stored report: refused or read, never worse. What
// is read is written back as the same bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "client/agent/agent_journal.h"
#include "client/agent/report_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  if (const auto entry = cairn::DecodeEntry(bytes); entry.ok()) {
    const auto again = cairn::DecodeEntry(cairn::EncodeEntry(*entry));
    if (!again.ok() || *again != *entry) std::abort();
    cairn::AgentHistory history;
    history.Add(*entry);
  }
  const cairn::EgressGuard guard(cairn::EgressGuard::Limits{});
  if (const auto report = cairn::DecodeReport(bytes, guard); report.ok()) {
    const auto again = cairn::DecodeReport(cairn::EncodeReport(*report).bytes, guard);
    if (!again.ok() || again->content().key != report->content().key) std::abort();
  }
  return 0;
}

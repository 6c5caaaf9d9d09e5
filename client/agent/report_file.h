#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "client/policy/egress_guard.h"
#include "core/base/result.h"
#include "protocol/messages/model_ref.h"

// A sealed report as one run of bytes, so that a restarted agent sends it again instead of training
// again:
//
//   file   := size of head (u64) head update
//   head   := text("cairn-report-2") key kind examples layout scale weight metrics has_update is_masked
//   masked? update := MaterializeUpdate's bytes, layout.byte_size() of them; or the masked vector; or nothing
//
// Not self-checking: whoever stores it keeps its hash.

namespace cairn {

struct ReportFile {
  std::vector<std::byte> bytes;
  BlobRef file;    // of all of it
  BlobRef update;  // of the update alone, as it travels; of the file where there is none
};

// Reads the whole update: a model-sized job.
ReportFile EncodeReport(const SealedReport& report);

// Seals again, so a stored report passes the limits of today. kStorageCorrupt, or EgressGuard's errors.
Result<SealedReport> DecodeReport(std::span<const std::byte> bytes, const EgressGuard& guard);

}  // namespace cairn

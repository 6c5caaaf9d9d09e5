// Any bytes as a frame of the worker pipe, read by either end: accepted or refused, and what is
// accepted stays within its limits.

#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "protocol/messages/work_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;  // NOLINT: a program of its own
  const DecodeLimits limits{.max_blob_bytes = 1 << 20};
  const auto frame = DecodeWorkerFrame({reinterpret_cast<const char*>(data), size}, limits);
  if (!frame.ok()) {
    CAIRN_CHECK(frame.status().id() == errors::kWorkerProtocol, "a bad frame is the worker's fault");
    return 0;
  }
  if (const auto* result = std::get_if<DecodedWorkResult>(&*frame); result != nullptr && result->update) {
    CAIRN_CHECK(result->update->bytes <= limits.max_blob_bytes, "sizes are checked");
    CAIRN_CHECK(result->update->weight > 0 && result->update->weight <= 1, "weights are checked");
  }
  if (const auto* failed = std::get_if<WorkFailed>(&*frame))
    CAIRN_CHECK(!failed->status.ok(), "a failure is one");
  return 0;
}

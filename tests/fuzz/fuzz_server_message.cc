// Any bytes as an aggregator's message. What the decoder accepts encodes to bytes that mean the same,
// and a manifest that gets through has the digest it names.

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/check.h"
#include "protocol/messages/codec.h"
#include "protocol/messages/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;  // NOLINT: a program of its own
  const auto decoded = DecodeServerMessage({reinterpret_cast<const char*>(data), size});
  if (!decoded.ok()) return 0;
  if (const auto* offer = std::get_if<JobOffer>(&*decoded)) {
    CAIRN_CHECK(ComputeDigest(*offer->manifest) == offer->manifest->digest, "a manifest has its digest");
  }
  const std::string canonical = Encode(*decoded);
  const auto again = DecodeServerMessage(canonical);
  CAIRN_CHECK(again.ok() && Encode(*again) == canonical, "what was accepted once is accepted again");
  return 0;
}

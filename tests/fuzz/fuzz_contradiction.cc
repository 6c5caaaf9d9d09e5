// Any bytes as evidence against an aggregator: refused, or read into one that is written as the same bytes.
// None of it proves anything about a key that signs nothing.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/check.h"
#include "privacy/secagg/shared/contradiction.h"
#include "privacy/secagg/shared/terms.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;          // NOLINT: a program of its own
  using namespace cairn::secagg;  // NOLINT
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto read = DecodeContradiction(bytes);
  if (!read.ok()) {
    CAIRN_CHECK(read.status().id() == errors::kSecAggEvidence, "what proves nothing is called so");
    return 0;
  }
  CAIRN_CHECK(std::ranges::equal(EncodeContradiction(*read), bytes), "evidence has one encoding");
  CAIRN_CHECK(!CheckContradiction(*read, VerifyKey{}).ok(), "nobody signs with the key of zeros");
  static_cast<void>(WordsOf(*read));
  return 0;
}

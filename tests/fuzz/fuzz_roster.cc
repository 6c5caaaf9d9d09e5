// Any bytes as a roster: as they are, nearly always stopped by the signature, and signed by the root
// itself, so that the parser behind the signature is reached. What it accepts signs back to the same bytes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/check.h"
#include "privacy/crypto/roster.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;  // NOLINT: a program of its own
  static const RootKey root = RootKey::FromSeed(std::array<std::byte, 32>{});
  const RosterTrust trust{root.verify_key(), "heartnet", 0, UnixTime{}};
  const auto bytes = std::as_bytes(std::span(data, size));
  if (const auto bare = VerifyRoster(bytes, trust); bare.ok())
    CAIRN_CHECK(bare->version > 0, "versions begin at 1");

  Bytes file(bytes.begin(), bytes.end());
  const Signature signature = root.Sign(file);
  file.insert(file.end(), signature.bytes.begin(), signature.bytes.end());
  const auto roster = VerifyRoster(file, trust);
  if (roster.ok()) CAIRN_CHECK(SignRoster(*roster, root).value() == file, "one roster, one encoding");
  return 0;
}

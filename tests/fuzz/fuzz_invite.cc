// Any text as an invite line: it is refused as malformed, or it is consistent and formats back to a
// line that reads the same.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/check.h"
#include "privacy/crypto/invite.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;  // NOLINT: a program of its own
  const auto invite = ParseInvite({reinterpret_cast<const char*>(data), size});
  if (!invite.ok()) {
    CAIRN_CHECK(invite.status().id() == errors::kInviteMalformed, "one id for every malformed line");
    return 0;
  }
  CAIRN_CHECK(invite->certificate.public_key() == invite->key.public_key(),
              "key and certificate belong together");
  const SecretBytes line = FormatInvite(*invite);
  const auto again = ParseInvite(line.RevealText(RevealSecret{}));
  CAIRN_CHECK(again.ok() && again->name == invite->name && again->address == invite->address,
              "an invite reads back");
  return 0;
}

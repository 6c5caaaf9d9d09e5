#include "privacy/crypto/hkdf.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "core/base/check.h"
#include "privacy/crypto/sha256.h"

namespace cairn {
namespace {

constexpr std::size_t kHash = 32, kBlock = 64;

// HMAC-SHA256 (RFC 2104) of the parts, one after the other; keys above 64 bytes are public salts. By hand,
// since OpenSSL's HKDF looks its hash up by name at each use, which takes longer than the hashing.
void Hmac(std::span<const std::byte> key, std::initializer_list<std::span<const std::byte>> parts,
          std::span<std::byte> out) {
  std::array<std::byte, kBlock> pad{};
  if (key.size() > kBlock) {
    std::ranges::copy(Sha256::Of(key).bytes, pad.begin());
  } else {
    std::ranges::copy(key, pad.begin());
  }
  const auto turn = [&pad](std::byte by) {
    for (std::byte& byte : pad) byte ^= by;
  };
  turn(std::byte{0x36});
  Sha256 inner, outer;
  inner.Update(pad);
  for (const std::span<const std::byte> part : parts) inner.Update(part);
  Sha256Digest hashed = std::move(inner).Finish();  // made in place, so that it can be wiped
  turn(std::byte{0x36 ^ 0x5c});
  outer.Update(pad).Update(hashed.bytes);
  Sha256Digest mac = std::move(outer).Finish();
  std::copy_n(mac.bytes.begin(), out.size(), out.begin());
  for (const std::span<std::byte> secret :
       {std::span<std::byte>(pad), std::span<std::byte>(hashed.bytes), std::span<std::byte>(mac.bytes)}) {
    Wipe(secret);
  }
}

}  // namespace

SecretBytes HkdfSha256(std::span<const std::byte> key_material, std::span<const std::byte> salt,
                       std::span<const std::byte> info, std::size_t size) {
  CAIRN_CHECK(!key_material.empty(), "HKDF needs key material");
  CAIRN_CHECK(size > 0 && size <= 255 * kHash, "HKDF-SHA256 gives 1 to 8160 bytes");
  SecretBytes extracted(kHash);
  Hmac(salt, {key_material}, extracted.Overwrite(RevealSecret{}));
  SecretBytes out(size);
  std::span<std::byte> rest = out.Overwrite(RevealSecret{});
  std::span<const std::byte> before;
  for (unsigned i = 1; !rest.empty(); ++i) {
    const auto counter = static_cast<std::byte>(i);
    const std::span<std::byte> block = rest.first(std::min(kHash, rest.size()));
    Hmac(extracted.Reveal(RevealSecret{}), {before, info, {&counter, 1}}, block);
    before = block;
    rest = rest.subspan(block.size());
  }
  return out;
}

}  // namespace cairn

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "privacy/crypto/aead.h"
#include "privacy/crypto/secret_bytes.h"
#include "privacy/secagg/shared/messages.h"
#include "privacy/secagg/shared/party.h"

namespace cairn::secagg {

// What travels sealed from a dealer to a holder:
//   u32 dealer, u32 holder (member indices), u8 x, share of s (32), share of b (32); little-endian
struct ShareNames {
  std::uint32_t dealer = 0, holder = 0;
  std::uint8_t index = 0;  // x
  friend bool operator==(const ShareNames&, const ShareNames&) = default;
};

inline std::span<const std::byte, kShareBytes> Share32(const SecretBytes& share) {
  return share.Reveal(RevealSecret{}).first<kShareBytes>();
}

std::array<std::byte, kSealedShareBytes> SealShares(Primitives& primitives, const AeadKey& key,
                                                    const Sha256Digest& cc, const ShareNames& names,
                                                    std::span<const std::byte, kShareBytes> mask_key_share,
                                                    std::span<const std::byte, kShareBytes> self_mask_share);

struct OpenedShare {
  ShareNames names;
  SecretBytes shares;  // of s, then of b
  std::span<const std::byte, kShareBytes> of(ShareKind kind) const {
    const std::span<const std::byte> all = shares.Reveal(RevealSecret{});
    return kind == ShareKind::kMaskKey ? all.first<kShareBytes>() : all.subspan<kShareBytes, kShareBytes>();
  }
};
// Nothing when it does not open for these two.
std::optional<OpenedShare> OpenShares(const AeadKey& key, const Sha256Digest& cc, std::uint32_t dealer,
                                      std::uint32_t holder,
                                      std::span<const std::byte, kSealedShareBytes> sealed);

}  // namespace cairn::secagg

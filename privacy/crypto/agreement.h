#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/secret_bytes.h"

// X25519 key agreement (RFC 7748), one type a purpose: a key that derives masks cannot open shares.

namespace cairn {

struct AgreementPublic {
  std::array<std::byte, 32> bytes{};
  friend auto operator<=>(const AgreementPublic&, const AgreementPublic&) = default;
};

// One X25519 private key. Move-only; const use is thread-safe.
class Agreement {
 public:
  static Agreement Generate();
  static Agreement FromSecret(std::span<const std::byte, 32> secret);
  Agreement(Agreement&&) noexcept;
  Agreement& operator=(Agreement&&) noexcept;
  ~Agreement();

  const AgreementPublic& public_key() const { return public_; }
  SecretBytes secret() const;  // 32 bytes, for sealing to disk and for sharing
  // 32 bytes. kSecAggKey when OpenSSL refuses the peer's key or the result is all zero (low-order points,
  // RFC 7748 section 6.1).
  Result<SecretBytes> Derive(const AgreementPublic& peer) const;
  // The same with each peer, in order, or the first error. Eight at a time where the CPU has the registers
  // for it (x25519_lanes.h), which is five times as fast.
  Result<std::vector<SecretBytes>> DeriveAll(std::span<const AgreementPublic> peers) const;

 private:
  struct Handle;
  Agreement(std::unique_ptr<Handle> handle, AgreementPublic public_key);
  std::unique_ptr<Handle> handle_;
  AgreementPublic public_;
};

template <class Purpose>
class AgreementFor {
 public:
  static AgreementFor Generate() { return AgreementFor(Agreement::Generate()); }
  static AgreementFor FromSecret(std::span<const std::byte, 32> secret) {
    return AgreementFor(Agreement::FromSecret(secret));
  }
  const AgreementPublic& public_key() const { return key_.public_key(); }
  SecretBytes secret() const { return key_.secret(); }
  Result<SecretBytes> Derive(const AgreementPublic& peer) const { return key_.Derive(peer); }
  Result<std::vector<SecretBytes>> DeriveAll(std::span<const AgreementPublic> peers) const {
    return key_.DeriveAll(peers);
  }
  const Agreement& material() const { return key_; }

 private:
  explicit AgreementFor(Agreement key) : key_(std::move(key)) {}
  Agreement key_;
};
using MaskKey = AgreementFor<struct MaskPurpose>;    // s_u: pairwise masks
using ShareKey = AgreementFor<struct SharePurpose>;  // c_u: opens the shares sent to a site

}  // namespace cairn

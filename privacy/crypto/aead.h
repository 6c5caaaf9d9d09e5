#pragma once

#include <cstddef>
#include <span>

#include "core/base/result.h"
#include "privacy/crypto/secret_bytes.h"
#include "privacy/crypto/text_codec.h"

namespace cairn {

// AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce in front: nonce ‖ ciphertext ‖ 16-byte tag. A key
// may seal at most 2^32 messages. Move-only; const use is thread-safe.
class AeadKey {
 public:
  static constexpr std::size_t kKeyBytes = 32, kNonceBytes = 12, kTagBytes = 16;
  static constexpr std::size_t kOverhead = kNonceBytes + kTagBytes;

  explicit AeadKey(SecretBytes key);  // kKeyBytes

  Bytes Seal(std::span<const std::byte> secret, std::span<const std::byte> associated) const;
  // For published vectors and for simulations that replay; elsewhere a nonce is never chosen.
  Bytes SealWithNonce(std::span<const std::byte, kNonceBytes> nonce, std::span<const std::byte> secret,
                      std::span<const std::byte> associated) const;
  // kSecAggSealed when key, bytes or associated data do not belong together.
  Result<SecretBytes> Open(std::span<const std::byte> sealed, std::span<const std::byte> associated) const;

 private:
  SecretBytes key_;
};

}  // namespace cairn

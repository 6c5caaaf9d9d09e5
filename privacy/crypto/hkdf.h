#pragma once

#include <cstddef>
#include <span>

#include "privacy/crypto/secret_bytes.h"

namespace cairn {

// HKDF with SHA-256 (RFC 5869): extract, then expand to `size` bytes (1 … 8160). Salt and info may be
// empty, the key material not. A pure function.
SecretBytes HkdfSha256(std::span<const std::byte> key_material, std::span<const std::byte> salt,
                       std::span<const std::byte> info, std::size_t size);

}  // namespace cairn

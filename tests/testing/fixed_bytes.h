#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "privacy/crypto/secret_bytes.h"
#include "privacy/crypto/text_codec.h"

namespace cairn {

// Bytes of published vectors.
template <std::size_t kSize>
std::array<std::byte, kSize> FixedBytes(std::string_view hex) {
  const auto bytes = FromHex(hex);
  CAIRN_CHECK(bytes && bytes->size() == kSize, "a vector has the stated size");
  std::array<std::byte, kSize> out;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

// first, first + 1, …
template <std::size_t kSize>
std::array<std::byte, kSize> CountedBytes(unsigned first) {
  std::array<std::byte, kSize> out;
  for (std::size_t i = 0; i < kSize; ++i) out[i] = static_cast<std::byte>(first + i);
  return out;
}

inline std::string HexOf(const SecretBytes& secret) { return ToHex(secret.Reveal(RevealSecret{})); }

}  // namespace cairn

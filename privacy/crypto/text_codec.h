#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Bytes as text: lower-case hex, and base64url without padding (RFC 4648 §5). The readers are
// strict: one text for each byte string, so that a pasted line is either exactly right or refused.
// Not for secrets: the work depends on the bytes. Pure functions.

namespace cairn {

using Bytes = std::vector<std::byte>;

std::string ToHex(std::span<const std::byte> bytes);
std::optional<Bytes> FromHex(std::string_view text);  // both cases of letters

std::string ToBase64Url(std::span<const std::byte> bytes);
// Refuses padding, other alphabets, impossible lengths and set spare bits.
std::optional<Bytes> FromBase64Url(std::string_view text);

inline std::span<const std::byte> AsBytes(std::string_view text) { return std::as_bytes(std::span(text)); }
inline std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace cairn

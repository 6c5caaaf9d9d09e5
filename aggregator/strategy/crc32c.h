#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace cairn {

// CRC-32C (Castagnoli polynomial; RFC 3720, appendix B.4): finds damage, proves nothing against an attacker.
std::uint32_t Crc32c(std::span<const std::byte> bytes);

}  // namespace cairn

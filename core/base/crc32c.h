#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace cairn {

// CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected; RFC 3720 appendix B.4): finds accidents in chunks,
// logs, checkpoints and event files. Not a defence against malice: a SHA-256 is.
//
// `before` is the value of the bytes before these: Crc32c(b, Crc32c(a)) is that of a followed by b.
// Uses the CPU's instruction where there is one; the same value everywhere. Pure, thread-safe.
std::uint32_t Crc32c(std::span<const std::byte> bytes, std::uint32_t before = 0);

// The table-driven form, for CPUs without the instruction and as the oracle of tests.
std::uint32_t Crc32cPortable(std::span<const std::byte> bytes, std::uint32_t before = 0);

}  // namespace cairn

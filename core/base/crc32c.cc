#include "core/base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace cairn {
namespace {

constexpr std::uint32_t kReflectedPolynomial = 0x82f63b78;

constexpr std::array<std::uint32_t, 256> MakeTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? kReflectedPolynomial : 0);
    table[i] = crc;
  }
  return table;
}
constexpr auto kTable = MakeTable();

#if defined(__x86_64__)
// Three words are in flight: the instruction takes three cycles but starts every cycle. Three
// neighbouring blocks are summed apart and joined by shifting the earlier ones over the later.
constexpr std::size_t kBlock = 1024;

// Multiplies a register by x^(8 · kBlock): what kBlock zero bytes do to it. Linear, so four tables of
// 256 entries, one a byte, describe it.
using ShiftTables = std::array<std::array<std::uint32_t, 256>, 4>;
ShiftTables MakeShiftTables() {
  ShiftTables tables{};
  for (unsigned byte = 0; byte < 4; ++byte) {
    for (std::uint32_t value = 0; value < 256; ++value) {
      std::uint32_t crc = value << (8 * byte);
      for (std::size_t i = 0; i < kBlock; ++i) crc = crc >> 8 ^ kTable[crc & 0xff];
      tables[byte][value] = crc;
    }
  }
  return tables;
}
std::uint32_t ShiftBlock(std::uint32_t crc) {
  static const ShiftTables tables = MakeShiftTables();
  return tables[0][crc & 0xff] ^ tables[1][crc >> 8 & 0xff] ^ tables[2][crc >> 16 & 0xff] ^
         tables[3][crc >> 24];
}

std::uint64_t Load(const std::byte* p) {
  std::uint64_t word;
  std::memcpy(&word, p, 8);
  return word;
}

__attribute__((target("sse4.2"))) std::uint32_t Crc32cHardware(std::span<const std::byte> bytes,
                                                               std::uint32_t crc) {
  const std::byte* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 3 * kBlock; p += 3 * kBlock, left -= 3 * kBlock) {
    std::uint64_t a = crc, b = 0, c = 0;
    for (std::size_t i = 0; i < kBlock; i += 8) {
      a = _mm_crc32_u64(a, Load(p + i));
      b = _mm_crc32_u64(b, Load(p + kBlock + i));
      c = _mm_crc32_u64(c, Load(p + 2 * kBlock + i));
    }
    crc = ShiftBlock(ShiftBlock(static_cast<std::uint32_t>(a)) ^ static_cast<std::uint32_t>(b)) ^
          static_cast<std::uint32_t>(c);
  }
  std::uint64_t word = crc;
  for (; left >= 8; p += 8, left -= 8) word = _mm_crc32_u64(word, Load(p));
  crc = static_cast<std::uint32_t>(word);
  for (; left > 0; ++p, --left) crc = _mm_crc32_u8(crc, static_cast<std::uint8_t>(*p));
  return crc;
}
#endif

}  // namespace

std::uint32_t Crc32cPortable(std::span<const std::byte> bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  for (const std::byte b : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<std::uint32_t>(b)) & 0xff];
  return ~crc;
}

std::uint32_t Crc32c(std::span<const std::byte> bytes, std::uint32_t before) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return ~Crc32cHardware(bytes, ~before);
#endif
  return Crc32cPortable(bytes, before);
}

}  // namespace cairn

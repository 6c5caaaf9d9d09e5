// Compiled for AVX-512 F, with -O3 so that the rounds unroll, and run only where the CPU has it. Includes no
// header with inline functions besides the intrinsics: a linker might keep this file's copy of them for the
// whole program.
#if defined(__x86_64__)
#include <immintrin.h>

#include "core/base/philox_lanes.h"

namespace cairn {
namespace {

constexpr int kRounds = 10;

bool Supported() { return __builtin_cpu_supports("avx512f"); }

__m512i All(std::uint32_t value) { return _mm512_set1_epi32(static_cast<int>(value)); }

struct Product {
  __m512i high, low;
};
Product Multiply(__m512i x, __m512i by) {
  const __m512i even = _mm512_mul_epu32(x, by), odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), by);
  return {_mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB),
          _mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CCAA)};
}

__m512i Xor3(__m512i a, __m512i b, __m512i c) { return _mm512_ternarylogic_epi32(a, b, c, 0x96); }

void Fill(const std::uint32_t counter[4], const std::uint32_t key[2], std::size_t blocks,
          std::uint32_t* out) {
  const __m512i multiplier0 = All(0xD2511F53u), multiplier1 = All(0xCD9E8D57u);
  // Lane 4i + j works on block i + 4j: four unpacked registers then hold four blocks each, in order.
  const __m512i places = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
  for (std::size_t block = 0; block < blocks; block += kPhiloxLanes, out += 4 * kPhiloxLanes) {
    __m512i x0 = _mm512_add_epi32(All(counter[0] + static_cast<std::uint32_t>(block)), places);
    __m512i x1 = All(counter[1]), x2 = All(counter[2]), x3 = All(counter[3]);
    std::uint32_t key0 = key[0], key1 = key[1];
    for (int round = 0; round < kRounds; ++round) {
      const Product p0 = Multiply(x0, multiplier0), p1 = Multiply(x2, multiplier1);
      x0 = Xor3(p1.high, x1, All(key0));
      x1 = p1.low;
      x2 = Xor3(p0.high, x3, All(key1));
      x3 = p0.low;
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
    const __m512i a = _mm512_unpacklo_epi32(x0, x1), b = _mm512_unpackhi_epi32(x0, x1);
    const __m512i c = _mm512_unpacklo_epi32(x2, x3), d = _mm512_unpackhi_epi32(x2, x3);
    _mm512_storeu_si512(out, _mm512_unpacklo_epi64(a, c));
    _mm512_storeu_si512(out + 16, _mm512_unpackhi_epi64(a, c));
    _mm512_storeu_si512(out + 32, _mm512_unpacklo_epi64(b, d));
    _mm512_storeu_si512(out + 48, _mm512_unpackhi_epi64(b, d));
  }
}

}  // namespace

const PhiloxLanes kAvx512Philox = {"avx512", Supported, Fill};

}  // namespace cairn
#endif

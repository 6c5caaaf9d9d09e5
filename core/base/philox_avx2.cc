// Compiled for AVX2, with -O3 so that the rounds unroll, and run only where the CPU has it. Includes no
// header with inline functions besides the intrinsics: a linker might keep this file's copy of them for the
// whole program.
#if defined(__x86_64__)
#include <immintrin.h>

#include "core/base/philox_lanes.h"

namespace cairn {
namespace {

constexpr int kRounds = 10;
constexpr std::size_t kLanes = 8;

bool Supported() { return __builtin_cpu_supports("avx2"); }

__m256i All(std::uint32_t value) { return _mm256_set1_epi32(static_cast<int>(value)); }

struct Product {
  __m256i high, low;
};
Product Multiply(__m256i x, __m256i by) {
  const __m256i even = _mm256_mul_epu32(x, by), odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), by);
  return {_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa),
          _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa)};
}

__m256i Xor3(__m256i a, __m256i b, __m256i c) { return _mm256_xor_si256(_mm256_xor_si256(a, b), c); }

void Fill(const std::uint32_t counter[4], const std::uint32_t key[2], std::size_t blocks,
          std::uint32_t* out) {
  const __m256i multiplier0 = All(0xD2511F53u), multiplier1 = All(0xCD9E8D57u);
  // Lane 4i + j works on block i + 2j: four unpacked registers then hold two blocks each, in order.
  const __m256i places = _mm256_set_epi32(7, 5, 3, 1, 6, 4, 2, 0);
  for (std::size_t block = 0; block < blocks; block += kLanes, out += 4 * kLanes) {
    __m256i x0 = _mm256_add_epi32(All(counter[0] + static_cast<std::uint32_t>(block)), places);
    __m256i x1 = All(counter[1]), x2 = All(counter[2]), x3 = All(counter[3]);
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
    const __m256i a = _mm256_unpacklo_epi32(x0, x1), b = _mm256_unpackhi_epi32(x0, x1);
    const __m256i c = _mm256_unpacklo_epi32(x2, x3), d = _mm256_unpackhi_epi32(x2, x3);
    auto* at = reinterpret_cast<__m256i*>(out);
    _mm256_storeu_si256(at, _mm256_unpacklo_epi64(a, c));
    _mm256_storeu_si256(at + 1, _mm256_unpackhi_epi64(a, c));
    _mm256_storeu_si256(at + 2, _mm256_unpacklo_epi64(b, d));
    _mm256_storeu_si256(at + 3, _mm256_unpackhi_epi64(b, d));
  }
}

}  // namespace

const PhiloxLanes kAvx2Philox = {"avx2", Supported, Fill};

}  // namespace cairn
#endif

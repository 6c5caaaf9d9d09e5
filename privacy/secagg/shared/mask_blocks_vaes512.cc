// Compiled for AVX-512 F and BW with VAES, with -O3 so that the loops over registers unroll, and run only
// where the CPU has them. Includes no header with inline functions besides the intrinsics: a linker might
// keep this file's copy of them for the whole program.
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#include "privacy/secagg/shared/mask_blocks.h"

namespace cairn::secagg {
namespace {

constexpr int kRounds = 14, kInFlight = 8;

// The compiler's own checks ask the operating system's state too, but not every compiler knows "vaes" there.
bool Supported() {
  constexpr unsigned kVaes = 1u << 9;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return kAesNiBlocks.supported() && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw") && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 &&
         (ecx & kVaes) != 0;
}

struct Add32 {
  static __m512i Of(__m512i words, __m512i stream) { return _mm512_add_epi32(words, stream); }
};
struct Subtract32 {
  static __m512i Of(__m512i words, __m512i stream) { return _mm512_sub_epi32(words, stream); }
};
struct Add64 {
  static __m512i Of(__m512i words, __m512i stream) { return _mm512_add_epi64(words, stream); }
};
struct Subtract64 {
  static __m512i Of(__m512i words, __m512i stream) { return _mm512_sub_epi64(words, stream); }
};

template <class Combine>
void Run(const std::byte* round_keys, std::uint32_t first_block, std::byte* words, std::size_t steps) {
  __m512i keys[kRounds + 1];
  for (int round = 0; round <= kRounds; ++round) {
    keys[round] =
        _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(round_keys) + round));
  }
  // The counter is the last four bytes of a block, big-endian; it is counted little-endian and turned.
  const __m512i turn =
      _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
  const __m512i four = _mm512_set_epi32(4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0);
  __m512i counter =
      _mm512_set_epi32(static_cast<int>(first_block + 3), 0, 0, 0, static_cast<int>(first_block + 2), 0, 0, 0,
                       static_cast<int>(first_block + 1), 0, 0, 0, static_cast<int>(first_block), 0, 0, 0);
  for (std::size_t step = 0; step < steps; ++step, words += kStepBytes) {
    __m512i state[kInFlight];
    for (int b = 0; b < kInFlight; ++b) {
      state[b] = _mm512_xor_si512(_mm512_shuffle_epi8(counter, turn), keys[0]);
      counter = _mm512_add_epi32(counter, four);
    }
    for (int round = 1; round < kRounds; ++round) {
      for (int b = 0; b < kInFlight; ++b) state[b] = _mm512_aesenc_epi128(state[b], keys[round]);
    }
    for (int b = 0; b < kInFlight; ++b) {
      state[b] = _mm512_aesenclast_epi128(state[b], keys[kRounds]);
      std::byte* at = words + 64 * b;
      _mm512_storeu_si512(at, Combine::Of(_mm512_loadu_si512(at), state[b]));
    }
  }
}

}  // namespace

const MaskBlocks kVaes512Blocks = {"vaes512",       Supported,  ExpandKeyAesNi, Run<Add32>,
                                   Run<Subtract32>, Run<Add64>, Run<Subtract64>};

}  // namespace cairn::secagg
#endif

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

__m512i Four(__m128i x) { return _mm512_broadcast_i32x4(x); }

// The counter is the last four bytes of a block, big-endian; it is counted little-endian and turned.
__m512i Turned(__m512i counters) {
  return _mm512_shuffle_epi8(counters,
                             Four(_mm_set_epi8(12, 13, 14, 15, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)));
}
__m512i CountersFrom(std::uint32_t block) {
  const __m512i places = _mm512_set_epi32(3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
  return _mm512_add_epi32(Four(_mm_set_epi32(static_cast<int>(block), 0, 0, 0)), places);
}

struct RoundKeys {
  __m512i of[kRounds + 1];
};
RoundKeys Load(const std::byte* round_keys) {
  RoundKeys keys;
  for (int round = 0; round <= kRounds; ++round) {
    keys.of[round] = Four(_mm_load_si128(reinterpret_cast<const __m128i*>(round_keys) + round));
  }
  return keys;
}

__m512i Heads(const RoundKeys& keys, __m512i counters) {
  const __m512i state = _mm512_xor_si512(Turned(counters), keys.of[0]);
  return _mm512_aesenc_epi128(_mm512_aesenc_epi128(state, keys.of[1]), keys.of[2]);
}

void MakeHeads(const std::byte* round_keys, std::byte* heads) {
  const RoundKeys keys = Load(round_keys);
  for (std::uint32_t block = 0; block < kHeads; block += 4) {
    _mm512_storeu_si512(heads + 16 * block, Heads(keys, CountersFrom(block)));
  }
}

// What the last byte of the counter does not change: E(u) ^ E(0) in every block.
__m512i UpperOf(const RoundKeys& keys, const std::byte* heads, std::uint32_t block) {
  const __m512i counters = Four(_mm_set_epi32(static_cast<int>(block & ~0xffu), 0, 0, 0));
  return _mm512_xor_si512(Heads(keys, counters),
                          Four(_mm_load_si128(reinterpret_cast<const __m128i*>(heads))));
}

template <class Combine>
void Finish(__m512i* state, const RoundKeys& keys, int round, std::byte* words) {
  for (; round < kRounds; ++round) {
    for (int b = 0; b < kInFlight; ++b) state[b] = _mm512_aesenc_epi128(state[b], keys.of[round]);
  }
  for (int b = 0; b < kInFlight; ++b) {
    state[b] = _mm512_aesenclast_epi128(state[b], keys.of[kRounds]);
    _mm512_storeu_si512(words + 64 * b, Combine::Of(_mm512_loadu_si512(words + 64 * b), state[b]));
  }
}

template <class Combine>
void RunWithHeads(const RoundKeys& keys, const std::byte* heads, std::uint32_t block, std::byte* words,
                  std::size_t steps) {
  __m512i upper = UpperOf(keys, heads, block);
  for (std::size_t step = 0; step < steps; ++step, block += kStepBlocks, words += kStepBytes) {
    if (block % kHeads == 0) upper = UpperOf(keys, heads, block);
    const std::byte* head = heads + 16 * (block % kHeads);
    __m512i state[kInFlight];
    for (int b = 0; b < kInFlight; ++b) state[b] = _mm512_xor_si512(_mm512_loadu_si512(head + 64 * b), upper);
    Finish<Combine>(state, keys, 3, words);
  }
}

template <class Combine>
void Run(const std::byte* round_keys, const std::byte* heads, std::uint32_t first_block, std::byte* words,
         std::size_t steps) {
  const RoundKeys keys = Load(round_keys);
  if (heads != nullptr) return RunWithHeads<Combine>(keys, heads, first_block, words, steps);
  const __m512i four = Four(_mm_set_epi32(4, 0, 0, 0));
  __m512i counters = CountersFrom(first_block);
  for (std::size_t step = 0; step < steps; ++step, words += kStepBytes) {
    __m512i state[kInFlight];
    for (int b = 0; b < kInFlight; ++b) {
      state[b] = _mm512_xor_si512(Turned(counters), keys.of[0]);
      counters = _mm512_add_epi32(counters, four);
    }
    Finish<Combine>(state, keys, 1, words);
  }
}

void Expand(const std::byte* key, std::byte* round_keys) { kAesNiBlocks.expand(key, round_keys); }

}  // namespace

const MaskBlocks kVaes512Blocks = {"vaes512",  Supported,       Expand,     MakeHeads,
                                   Run<Add32>, Run<Subtract32>, Run<Add64>, Run<Subtract64>};

}  // namespace cairn::secagg
#endif

// Compiled for AES-NI and SSSE3, with -O3 so that the loops over registers unroll, and run only where the CPU
// has them. Includes no header with inline functions besides the intrinsics: a linker might keep this file's
// copy of them for the whole program.
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#include "privacy/secagg/shared/mask_blocks.h"

namespace cairn::secagg {
namespace {

constexpr int kRounds = 14, kInFlight = 8;

bool Supported() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_AES) != 0 && (ecx & bit_SSSE3) != 0;
}

// a, a ^ b, a ^ b ^ c, a ^ b ^ c ^ d of the four words (FIPS 197, figure 11).
__m128i PrefixXor(__m128i x) {
  x = _mm_xor_si128(x, _mm_slli_si128(x, 4));
  return _mm_xor_si128(x, _mm_slli_si128(x, 8));
}

// Two round keys from the two before them.
template <int kConstant, bool kBoth>
void NextKeys(__m128i& even, __m128i& odd, __m128i* out) {
  const __m128i turned = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(odd, kConstant), 0xff);
  even = _mm_xor_si128(PrefixXor(even), turned);
  _mm_store_si128(out, even);
  if (!kBoth) return;
  const __m128i straight = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(even, 0), 0xaa);
  odd = _mm_xor_si128(PrefixXor(odd), straight);
  _mm_store_si128(out + 1, odd);
}

struct Add32 {
  static __m128i Of(__m128i words, __m128i stream) { return _mm_add_epi32(words, stream); }
};
struct Subtract32 {
  static __m128i Of(__m128i words, __m128i stream) { return _mm_sub_epi32(words, stream); }
};
struct Add64 {
  static __m128i Of(__m128i words, __m128i stream) { return _mm_add_epi64(words, stream); }
};
struct Subtract64 {
  static __m128i Of(__m128i words, __m128i stream) { return _mm_sub_epi64(words, stream); }
};

// The counter is the last four bytes of a block, big-endian; it is counted little-endian and turned.
__m128i Turned(__m128i counter) {
  return _mm_shuffle_epi8(counter, _mm_set_epi8(12, 13, 14, 15, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
}
__m128i CounterOf(std::uint32_t block) { return _mm_set_epi32(static_cast<int>(block), 0, 0, 0); }

__m128i Head(const __m128i* keys, std::uint32_t block) {
  const __m128i state = _mm_xor_si128(Turned(CounterOf(block)), keys[0]);
  return _mm_aesenc_si128(_mm_aesenc_si128(state, keys[1]), keys[2]);
}

void MakeHeads(const std::byte* round_keys, std::byte* heads) {
  const auto* keys = reinterpret_cast<const __m128i*>(round_keys);
  auto* out = reinterpret_cast<__m128i*>(heads);
  for (std::uint32_t block = 0; block < kHeads; ++block) _mm_store_si128(out + block, Head(keys, block));
}

template <class Combine>
void Finish(__m128i* state, const __m128i* keys, int round, __m128i* out) {
  for (; round < kRounds; ++round) {
    const __m128i key = keys[round];
    for (int b = 0; b < kInFlight; ++b) state[b] = _mm_aesenc_si128(state[b], key);
  }
  for (int b = 0; b < kInFlight; ++b) {
    state[b] = _mm_aesenclast_si128(state[b], keys[kRounds]);
    _mm_storeu_si128(out + b, Combine::Of(_mm_loadu_si128(out + b), state[b]));
  }
}

template <class Combine>
void RunWithHeads(const __m128i* keys, const __m128i* heads, std::uint32_t block, __m128i* out,
                  std::size_t parts) {
  __m128i upper = _mm_xor_si128(Head(keys, block & ~0xffu), heads[0]);
  for (std::size_t part = 0; part < parts; ++part, block += kInFlight, out += kInFlight) {
    if (block % kHeads == 0) upper = _mm_xor_si128(Head(keys, block), heads[0]);
    __m128i state[kInFlight];
    for (int b = 0; b < kInFlight; ++b) state[b] = _mm_xor_si128(heads[block % kHeads + b], upper);
    Finish<Combine>(state, keys, 3, out);
  }
}

template <class Combine>
void Run(const std::byte* round_keys, const std::byte* heads, std::uint32_t first_block, std::byte* words,
         std::size_t steps) {
  const auto* keys = reinterpret_cast<const __m128i*>(round_keys);
  auto* out = reinterpret_cast<__m128i*>(words);
  const std::size_t parts = steps * (kStepBlocks / kInFlight);
  if (heads != nullptr) {
    return RunWithHeads<Combine>(keys, reinterpret_cast<const __m128i*>(heads), first_block, out, parts);
  }
  __m128i counter = CounterOf(first_block);
  for (std::size_t part = 0; part < parts; ++part, out += kInFlight) {
    __m128i state[kInFlight];
    for (int b = 0; b < kInFlight; ++b) {
      state[b] = _mm_xor_si128(Turned(counter), keys[0]);
      counter = _mm_add_epi32(counter, CounterOf(1));
    }
    Finish<Combine>(state, keys, 1, out);
  }
}

void Expand(const std::byte* key, std::byte* round_keys) {
  const auto* given = reinterpret_cast<const __m128i*>(key);
  auto* out = reinterpret_cast<__m128i*>(round_keys);
  __m128i even = _mm_loadu_si128(given), odd = _mm_loadu_si128(given + 1);
  _mm_store_si128(out, even);
  _mm_store_si128(out + 1, odd);
  NextKeys<0x01, true>(even, odd, out + 2);
  NextKeys<0x02, true>(even, odd, out + 4);
  NextKeys<0x04, true>(even, odd, out + 6);
  NextKeys<0x08, true>(even, odd, out + 8);
  NextKeys<0x10, true>(even, odd, out + 10);
  NextKeys<0x20, true>(even, odd, out + 12);
  NextKeys<0x40, false>(even, odd, out + 14);
}

}  // namespace

const MaskBlocks kAesNiBlocks = {"aesni",    Supported,       Expand,     MakeHeads,
                                 Run<Add32>, Run<Subtract32>, Run<Add64>, Run<Subtract64>};

}  // namespace cairn::secagg
#endif

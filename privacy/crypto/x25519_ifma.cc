// Compiled for AVX-512 F and IFMA, with -O3 so that the loops over limbs unroll, and run only where the CPU
// has them. Includes no header with inline functions besides the intrinsics: a linker might keep this file's
// copy of them for the whole program.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include <cstdint>

#include "privacy/crypto/x25519_lanes.h"

namespace cairn {
namespace {

constexpr int kLimbs = 5, kLimbBits = 51;
constexpr std::uint64_t kMask = (std::uint64_t{1} << kLimbBits) - 1;

bool Supported() { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512ifma"); }

// Elements of the field of 2^255 − 19, one a lane, as Σ limb[i] · 2^(51 i). The multiplier reads 52 bits of a
// limb.
struct Tight {  // limbs < 2^51 + 2^16
  __m512i limb[kLimbs];
};
struct Loose {  // limbs < 2^62
  __m512i limb[kLimbs];
};

__m512i All(std::uint64_t value) { return _mm512_set1_epi64(static_cast<long long>(value)); }
__m512i Twice(__m512i a) { return _mm512_add_epi64(a, a); }
// acc + the low (high) 52 bits of the product.
__m512i AddLow(__m512i acc, __m512i a, __m512i b) { return _mm512_madd52lo_epu64(acc, a, b); }
__m512i AddHigh(__m512i acc, __m512i a, __m512i b) { return _mm512_madd52hi_epu64(acc, a, b); }

[[gnu::always_inline]] inline Tight Carried(const Loose& a) {
  const __m512i mask = All(kMask);
  Tight r;
  for (int i = 0; i < kLimbs; ++i) r.limb[i] = _mm512_and_si512(a.limb[i], mask);
  for (int i = 1; i < kLimbs; ++i) {
    r.limb[i] = _mm512_add_epi64(r.limb[i], _mm512_srli_epi64(a.limb[i - 1], kLimbBits));
  }
  r.limb[0] = AddLow(r.limb[0], _mm512_srli_epi64(a.limb[4], kLimbBits), All(19));  // 2^255 = 19
  return r;
}

template <class A>
[[gnu::always_inline]] inline Loose Sum(const A& a, const A& b) {
  Loose r;
  for (int i = 0; i < kLimbs; ++i) r.limb[i] = _mm512_add_epi64(a.limb[i], b.limb[i]);
  return r;
}

// a − b + 2^10 (2^255 − 19), whose limbs are above those of any product.
template <class A>
[[gnu::always_inline]] inline Loose Difference(const A& a, const A& b) {
  Loose r;
  for (int i = 0; i < kLimbs; ++i) {
    const __m512i multiple = All((i == 0 ? kMask - 18 : kMask) << 10);
    r.limb[i] = _mm512_sub_epi64(_mm512_add_epi64(a.limb[i], multiple), b.limb[i]);
  }
  return r;
}

// Ten columns below 15 · 2^52 each; limbs of the result are below 20 · 15 · 2^52 < 2^61.
[[gnu::always_inline]] inline Loose Folded(const __m512i* z) {
  Loose r;
  for (int i = 0; i < kLimbs; ++i) {
    const __m512i high = z[i + kLimbs];
    const __m512i times3 = _mm512_add_epi64(Twice(high), high);
    r.limb[i] = _mm512_add_epi64(_mm512_add_epi64(z[i], times3), _mm512_slli_epi64(high, 4));
  }
  return r;
}

// The high half of a product of limbs i and j weighs 2^(51 (i + j) + 52): twice in column i + j + 1.
[[gnu::always_inline]] inline Loose Product(const Tight& a, const Tight& b) {
  __m512i z[2 * kLimbs];
  for (__m512i& column : z) column = _mm512_setzero_si512();
  for (int i = 0; i < kLimbs; ++i) {
    for (int j = 0; j < kLimbs; ++j) z[i + j + 1] = AddHigh(z[i + j + 1], a.limb[i], b.limb[j]);
  }
  for (int i = 1; i < 2 * kLimbs; ++i) z[i] = Twice(z[i]);
  for (int i = 0; i < kLimbs; ++i) {
    for (int j = 0; j < kLimbs; ++j) z[i + j] = AddLow(z[i + j], a.limb[i], b.limb[j]);
  }
  return Folded(z);
}

[[gnu::always_inline]] inline Loose Square(const Tight& a) {
  __m512i z[2 * kLimbs];
  for (__m512i& column : z) column = _mm512_setzero_si512();
  for (int i = 0; i < kLimbs; ++i) {
    for (int j = i + 1; j < kLimbs; ++j) z[i + j + 1] = AddHigh(z[i + j + 1], a.limb[i], a.limb[j]);
  }
  for (__m512i& column : z) column = Twice(column);
  for (int i = 0; i < kLimbs; ++i) {
    z[2 * i + 1] = AddHigh(z[2 * i + 1], a.limb[i], a.limb[i]);
    for (int j = i + 1; j < kLimbs; ++j) z[i + j] = AddLow(z[i + j], a.limb[i], a.limb[j]);
  }
  for (__m512i& column : z) column = Twice(column);
  for (int i = 0; i < kLimbs; ++i) z[2 * i] = AddLow(z[2 * i], a.limb[i], a.limb[i]);
  return Folded(z);
}

// a + 121665 b.
[[gnu::always_inline]] inline Loose SumWithMultiple(const Tight& a, const Tight& b) {
  const __m512i factor = All(121665);
  __m512i z[kLimbs + 1];
  z[0] = a.limb[0];
  for (int i = 0; i < kLimbs; ++i) {
    const __m512i high = Twice(AddHigh(_mm512_setzero_si512(), b.limb[i], factor));
    z[i + 1] = i + 1 < kLimbs ? _mm512_add_epi64(a.limb[i + 1], high) : high;
  }
  Loose r;
  for (int i = 0; i < kLimbs; ++i) r.limb[i] = AddLow(z[i], b.limb[i], factor);
  r.limb[0] = AddLow(r.limb[0], z[kLimbs], All(19));
  return r;
}

Tight Times(const Tight& a, const Tight& b) { return Carried(Product(a, b)); }
Tight Squared(Tight a, int times) {
  for (int i = 0; i < times; ++i) a = Carried(Square(a));
  return a;
}

// a^(2^255 − 21); 0 for 0.
Tight Inverse(const Tight& a) {
  const Tight a2 = Squared(a, 1), a9 = Times(Squared(a2, 2), a), a11 = Times(a9, a2);
  const Tight e5 = Times(Squared(a11, 1), a9);  // a^(2^5 − 1)
  const Tight e10 = Times(Squared(e5, 5), e5), e20 = Times(Squared(e10, 10), e10);
  const Tight e40 = Times(Squared(e20, 20), e20), e50 = Times(Squared(e40, 10), e10);
  const Tight e100 = Times(Squared(e50, 50), e50), e200 = Times(Squared(e100, 100), e100);
  const Tight e250 = Times(Squared(e200, 50), e50);
  return Times(Squared(e250, 5), a11);
}

Tight Selected(__mmask8 lanes, const Tight& elsewhere, const Tight& there) {
  Tight r;
  for (int i = 0; i < kLimbs; ++i) {
    r.limb[i] = _mm512_mask_blend_epi64(lanes, elsewhere.limb[i], there.limb[i]);
  }
  return r;
}

std::uint64_t Load64(const std::byte* from) {
  std::uint64_t word;
  memcpy(&word, from, sizeof word);
  return word;
}

Tight LoadPoints(const std::byte* points) {
  alignas(64) std::uint64_t limbs[kLimbs][kX25519Lanes];
  for (std::size_t lane = 0; lane < kX25519Lanes; ++lane) {
    const std::byte* point = points + lane * kX25519Bytes;
    limbs[0][lane] = Load64(point) & kMask;
    limbs[1][lane] = Load64(point + 6) >> 3 & kMask;
    limbs[2][lane] = Load64(point + 12) >> 6 & kMask;
    limbs[3][lane] = Load64(point + 19) >> 1 & kMask;
    limbs[4][lane] = Load64(point + 24) >> 12 & kMask;  // the highest bit is not used
  }
  Tight r;
  for (int i = 0; i < kLimbs; ++i) r.limb[i] = _mm512_load_si512(limbs[i]);
  return r;
}

// The one form below 2^255 − 19.
void StoreOne(std::uint64_t* t, std::byte* out) {
  const auto carry = [t] {
    for (int i = 0; i < kLimbs - 1; ++i) {
      t[i + 1] += t[i] >> kLimbBits;
      t[i] &= kMask;
    }
  };
  for (int round = 0; round < 2; ++round) {
    carry();
    t[0] += 19 * (t[4] >> kLimbBits);
    t[4] &= kMask;
  }
  carry();
  std::uint64_t above = t[0] + 19;  // at least the prime when 19 more carry beyond 2^255
  for (int i = 1; i < kLimbs; ++i) above = t[i] + (above >> kLimbBits);
  t[0] += 19 * (above >> kLimbBits);
  carry();
  t[4] &= kMask;
  const std::uint64_t words[4] = {t[0] | t[1] << 51, t[1] >> 13 | t[2] << 38, t[2] >> 26 | t[3] << 25,
                                  t[3] >> 39 | t[4] << 12};
  memcpy(out, words, sizeof words);
}

void StoreAll(const Tight& a, std::byte* out) {
  alignas(64) std::uint64_t limbs[kLimbs][kX25519Lanes];
  for (int i = 0; i < kLimbs; ++i) _mm512_store_si512(limbs[i], a.limb[i]);
  for (std::size_t lane = 0; lane < kX25519Lanes; ++lane) {
    std::uint64_t one[kLimbs];
    for (int i = 0; i < kLimbs; ++i) one[i] = limbs[i][lane];
    StoreOne(one, out + lane * kX25519Bytes);
  }
}

// Bit t of every scalar, clamped as the standard says.
unsigned BitsOf(const std::byte* scalars, int t) {
  unsigned bits = 0;
  for (std::size_t lane = 0; lane < kX25519Lanes; ++lane) {
    const auto byte = static_cast<unsigned>(scalars[lane * kX25519Bytes + static_cast<std::size_t>(t / 8)]);
    bits |= (byte >> t % 8 & 1) << lane;
  }
  return t == 254 ? 0xff : t < 3 ? 0 : bits;
}

// (x2 : z2) and (x3 : z3) differ by the point x1. A step doubles the first where `second` has no bit, the
// second where it has, and adds the two: the standard swaps them first, but their sum is the same either way.
struct Ladder {
  Tight x1;
  Loose x2, z2, x3, z3;

  void Step(__mmask8 second) {
    const Tight a = Carried(Sum(x2, z2)), b = Carried(Difference(x2, z2));
    const Tight c = Carried(Sum(x3, z3)), d = Carried(Difference(x3, z3));
    const Tight aa = Carried(Square(Selected(second, a, c))), bb = Carried(Square(Selected(second, b, d)));
    const Tight e = Carried(Difference(aa, bb));
    const Loose da = Product(d, a), cb = Product(c, b);
    x3 = Square(Carried(Sum(da, cb)));
    z3 = Product(x1, Carried(Square(Carried(Difference(da, cb)))));
    x2 = Product(aa, bb);
    z2 = Product(e, Carried(SumWithMultiple(aa, e)));
  }
};

void Multiply(const std::byte* scalars, const std::byte* points, std::byte* shared) {
  const __m512i zero = _mm512_setzero_si512();
  Ladder ladder;
  ladder.x1 = LoadPoints(points);
  for (int i = 0; i < kLimbs; ++i) {
    ladder.x2.limb[i] = ladder.z3.limb[i] = i == 0 ? All(1) : zero;
    ladder.z2.limb[i] = zero;
    ladder.x3.limb[i] = ladder.x1.limb[i];
  }
  unsigned before = 0;
  for (int t = 254; t >= 0; --t) {
    const unsigned bits = BitsOf(scalars, t);
    ladder.Step(static_cast<__mmask8>(before ^ bits));
    before = bits;  // 0 at the end, so that the product is the first of the two
  }
  StoreAll(Times(Carried(ladder.x2), Inverse(Carried(ladder.z2))), shared);
}

}  // namespace

const X25519Lanes kIfmaX25519 = {"ifma", Supported, Multiply};

}  // namespace cairn
#endif

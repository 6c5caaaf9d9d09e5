// Compiled for AVX-512 F, DQ and VL, with -O3 so that the loops over inputs unroll, and run only where the
// CPU has it. Includes no header with inline functions besides the intrinsics: a linker might keep this
// file's copy of them for the whole program.
#if defined(__x86_64__)
#include <immintrin.h>

#include "core/tensor/vector_kernels.h"

namespace cairn {
namespace {

constexpr std::size_t kStep = 16;  // elements an iteration

bool Supported() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

template <bool kHasBase>
__m512i Grid8(const FoldInput& input, __m512d factor, std::size_t i) {
  __m256 delta = _mm256_loadu_ps(input.local + i);
  if (kHasBase) delta = _mm256_sub_ps(delta, _mm256_loadu_ps(input.base + i));
  return _mm512_cvtpd_epi64(_mm512_mul_pd(_mm512_cvtps_pd(delta), factor));
}

template <std::size_t kCount, bool kHasBase>
void FoldCount(const FoldInput* given, std::size_t n, std::int64_t* sum) {
  // A copy, since for all the compiler knows the sum might overwrite what it was given.
  FoldInput inputs[kCount];
  for (std::size_t k = 0; k < kCount; ++k) inputs[k] = given[k];
  __m512d factors[kCount];
  for (std::size_t k = 0; k < kCount; ++k) factors[k] = _mm512_set1_pd(inputs[k].factor);
  std::size_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    __m512i low = _mm512_loadu_si512(sum + i), high = _mm512_loadu_si512(sum + i + 8);
    for (std::size_t k = 0; k < kCount; ++k) {
      low = _mm512_add_epi64(low, Grid8<kHasBase>(inputs[k], factors[k], i));
      high = _mm512_add_epi64(high, Grid8<kHasBase>(inputs[k], factors[k], i + 8));
    }
    _mm512_storeu_si512(sum + i, low);
    _mm512_storeu_si512(sum + i + 8, high);
  }
  for (std::size_t k = 0; k < kCount; ++k) {
    inputs[k].local += i;
    if (kHasBase) inputs[k].base += i;
  }
  kBaseKernels.fold(inputs, kCount, n - i, sum + i);
}

template <bool kHasBase>
void FoldKind(const FoldInput* inputs, std::size_t count, std::size_t n, std::int64_t* sum) {
  switch (count) {
    case 1:
      return FoldCount<1, kHasBase>(inputs, n, sum);
    case 2:
      return FoldCount<2, kHasBase>(inputs, n, sum);
    case 3:
      return FoldCount<3, kHasBase>(inputs, n, sum);
    default:
      return FoldCount<4, kHasBase>(inputs, n, sum);
  }
}

void Fold(const FoldInput* inputs, std::size_t count, std::size_t n, std::int64_t* sum) {
  inputs[0].base == nullptr ? FoldKind<false>(inputs, count, n, sum) : FoldKind<true>(inputs, count, n, sum);
}

__m512 Delta16(const float* local, const float* base, std::size_t i) {
  const __m512 values = _mm512_loadu_ps(local + i);
  return base == nullptr ? values : _mm512_sub_ps(values, _mm512_loadu_ps(base + i));
}

std::uint32_t MaxAbsBits(const float* local, const float* base, std::size_t n) {
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
  __m512i most = _mm512_setzero_si512();
  std::size_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    const __m512i bits = _mm512_castps_si512(Delta16(local, base, i));
    most = _mm512_max_epu32(most, _mm512_and_si512(bits, magnitude));
  }
  const std::uint32_t head = _mm512_reduce_max_epu32(most);
  const std::uint32_t tail =
      kBaseKernels.max_abs_bits(local + i, base == nullptr ? nullptr : base + i, n - i);
  return head > tail ? head : tail;
}

void AddSquares(const float* local, const float* base, std::size_t n, double* lanes) {
  __m512d low = _mm512_loadu_pd(lanes), high = _mm512_loadu_pd(lanes + 8);
  std::size_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    const __m512 delta = Delta16(local, base, i);
    const __m512d a = _mm512_cvtps_pd(_mm512_castps512_ps256(delta));
    const __m512d b = _mm512_cvtps_pd(_mm512_extractf32x8_ps(delta, 1));
    low = _mm512_add_pd(low, _mm512_mul_pd(a, a));
    high = _mm512_add_pd(high, _mm512_mul_pd(b, b));
  }
  _mm512_storeu_pd(lanes, low);
  _mm512_storeu_pd(lanes + 8, high);
  kBaseKernels.add_squares(local + i, base == nullptr ? nullptr : base + i, n - i, lanes);
}

}  // namespace

const VectorKernels kAvx512Kernels = {"avx512", Supported, Fold, MaxAbsBits, AddSquares};

}  // namespace cairn
#endif

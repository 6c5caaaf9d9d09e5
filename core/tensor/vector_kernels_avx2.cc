// Compiled for AVX2, with -O3 so that the loops over inputs unroll, and run only where the CPU has it.
// Includes no header with inline functions besides the intrinsics: a linker might keep this file's copy of
// them for the whole program.
#if defined(__x86_64__)
#include <immintrin.h>

#include "core/tensor/vector_kernels.h"

namespace cairn {
namespace {

constexpr std::size_t kStep = 8;  // elements an iteration

bool Supported() { return __builtin_cpu_supports("avx2"); }

template <bool kHasBase>
__m128 Delta4(const FoldInput& input, std::size_t i) {
  const __m128 local = _mm_loadu_ps(input.local + i);
  return kHasBase ? _mm_sub_ps(local, _mm_loadu_ps(input.base + i)) : local;
}

// AVX2 has no conversion of doubles to 64-bit integers: the shift of GridValue (vector_kernels_base.cc) is
// added, and its bits taken off again once for all inputs.
template <std::size_t kCount, bool kHasBase>
__m256i Sum4(const FoldInput* inputs, const __m256d* factors, std::size_t i, __m256i sum) {
  const __m256d shift = _mm256_set1_pd(6755399441055744.0);
  for (std::size_t k = 0; k < kCount; ++k) {
    const __m256d product = _mm256_mul_pd(_mm256_cvtps_pd(Delta4<kHasBase>(inputs[k], i)), factors[k]);
    sum = _mm256_add_epi64(sum, _mm256_castpd_si256(_mm256_add_pd(product, shift)));
  }
  return sum;
}

template <std::size_t kCount>
__m256i AllShifts() {
  const __m256i one = _mm256_castpd_si256(_mm256_set1_pd(6755399441055744.0));
  __m256i all = _mm256_setzero_si256();
  for (std::size_t k = 0; k < kCount; ++k) all = _mm256_add_epi64(all, one);
  return all;
}

template <std::size_t kCount, bool kHasBase>
void FoldCount(const FoldInput* given, std::size_t n, std::int64_t* sum) {
  // A copy, since for all the compiler knows the sum might overwrite what it was given.
  FoldInput inputs[kCount];
  for (std::size_t k = 0; k < kCount; ++k) inputs[k] = given[k];
  __m256d factors[kCount];
  for (std::size_t k = 0; k < kCount; ++k) factors[k] = _mm256_set1_pd(inputs[k].factor);
  const __m256i shifts = AllShifts<kCount>();
  std::size_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    auto* low = reinterpret_cast<__m256i*>(sum + i);
    auto* high = reinterpret_cast<__m256i*>(sum + i + 4);
    const __m256i a = Sum4<kCount, kHasBase>(inputs, factors, i, _mm256_loadu_si256(low));
    const __m256i b = Sum4<kCount, kHasBase>(inputs, factors, i + 4, _mm256_loadu_si256(high));
    _mm256_storeu_si256(low, _mm256_sub_epi64(a, shifts));
    _mm256_storeu_si256(high, _mm256_sub_epi64(b, shifts));
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

__m256 Delta8(const float* local, const float* base, std::size_t i) {
  const __m256 values = _mm256_loadu_ps(local + i);
  return base == nullptr ? values : _mm256_sub_ps(values, _mm256_loadu_ps(base + i));
}

std::uint32_t MaxAbsBits(const float* local, const float* base, std::size_t n) {
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  __m256i most = _mm256_setzero_si256();
  std::size_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    const __m256i bits = _mm256_castps_si256(Delta8(local, base, i));
    most = _mm256_max_epu32(most, _mm256_and_si256(bits, magnitude));
  }
  std::uint32_t heads[kStep];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(heads), most);
  std::uint32_t result = kBaseKernels.max_abs_bits(local + i, base == nullptr ? nullptr : base + i, n - i);
  for (const std::uint32_t head : heads) result = head > result ? head : result;
  return result;
}

void AddSquares(const float* local, const float* base, std::size_t n, double* lanes) {
  __m256d sums[4];
  for (int v = 0; v < 4; ++v) sums[v] = _mm256_loadu_pd(lanes + 4 * v);
  std::size_t i = 0;
  for (; i + kNormLanes <= n; i += kNormLanes) {
    for (int half = 0; half < 2; ++half) {
      const __m256 delta = Delta8(local, base, i + 8 * half);
      const __m256d a = _mm256_cvtps_pd(_mm256_castps256_ps128(delta));
      const __m256d b = _mm256_cvtps_pd(_mm256_extractf128_ps(delta, 1));
      sums[2 * half] = _mm256_add_pd(sums[2 * half], _mm256_mul_pd(a, a));
      sums[2 * half + 1] = _mm256_add_pd(sums[2 * half + 1], _mm256_mul_pd(b, b));
    }
  }
  for (int v = 0; v < 4; ++v) _mm256_storeu_pd(lanes + 4 * v, sums[v]);
  kBaseKernels.add_squares(local + i, base == nullptr ? nullptr : base + i, n - i, lanes);
}

}  // namespace

const VectorKernels kAvx2Kernels = {"avx2", Supported, Fold, MaxAbsBits, AddSquares};

}  // namespace cairn
#endif

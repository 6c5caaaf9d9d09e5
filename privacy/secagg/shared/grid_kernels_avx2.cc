// Compiled for AVX2, with -O3 so that plain loops use it too, and run only where the CPU has it. Includes no
// header with inline functions besides the intrinsics: a linker might keep this file's copy of them for the
// whole program.
#if defined(__x86_64__)
#include <immintrin.h>

#include "privacy/secagg/shared/grid_kernels.h"

namespace cairn::secagg {
namespace {

constexpr std::size_t kStep = 4;

bool Supported() { return __builtin_cpu_supports("avx2"); }

// There is no conversion of unsigned words: their highest bit is turned, and 2^31 added back.
__m256d Fraction(const std::uint32_t* draws) {
  const __m128i words = _mm_loadu_si128(reinterpret_cast<const __m128i*>(draws));
  const __m256d turned = _mm256_cvtepi32_pd(_mm_xor_si128(words, _mm_set1_epi32(INT32_MIN)));
  return _mm256_mul_pd(_mm256_add_pd(turned, _mm256_set1_pd(0x1p31)), _mm256_set1_pd(0x1p-32));
}

void Round(const float* local, const float* base, std::size_t n, double factor, const std::uint32_t* draws,
           std::uint32_t* out) {
  const __m256d factors = _mm256_set1_pd(factor), one = _mm256_set1_pd(1);
  std::size_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    __m128 delta = _mm_loadu_ps(local + i);
    if (base != nullptr) delta = _mm_sub_ps(delta, _mm_loadu_ps(base + i));
    const __m256d x = _mm256_mul_pd(_mm256_cvtps_pd(delta), factors), below = _mm256_floor_pd(x);
    const __m256d reach = _mm256_add_pd(_mm256_sub_pd(x, below), Fraction(draws + i));
    const __m256d up = _mm256_and_pd(_mm256_cmp_pd(reach, one, _CMP_GE_OQ), one);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), _mm256_cvttpd_epi32(_mm256_add_pd(below, up)));
  }
  kBaseGrid.round(local + i, base == nullptr ? nullptr : base + i, n - i, factor, draws + i, out + i);
}

template <class Word>
void Add(const Word* from, std::size_t n, Word* into) {
  for (std::size_t i = 0; i < n; ++i) into[i] += from[i];
}

}  // namespace

const GridKernels kAvx2Grid = {"avx2", Supported, Round, Add<std::uint32_t>, Add<std::uint64_t>};

}  // namespace cairn::secagg
#endif

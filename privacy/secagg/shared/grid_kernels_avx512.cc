// Compiled for AVX-512 F, DQ and VL, with -O3 so that plain loops use them too, and run only where the CPU
// has them. Includes no header with inline functions besides the intrinsics: a linker might keep this file's
// copy of them for the whole program.
#if defined(__x86_64__)
#include <immintrin.h>

#include "privacy/secagg/shared/grid_kernels.h"

namespace cairn::secagg {
namespace {

constexpr std::size_t kStep = 8;

bool Supported() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

template <bool kHasBase>
void RoundKind(const float* local, const float* base, std::size_t n, double factor,
               const std::uint32_t* draws, std::uint32_t* out) {
  const __m512d factors = _mm512_set1_pd(factor), one = _mm512_set1_pd(1), unit = _mm512_set1_pd(0x1p-32);
  std::size_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    __m256 delta = _mm256_loadu_ps(local + i);
    if (kHasBase) delta = _mm256_sub_ps(delta, _mm256_loadu_ps(base + i));
    const __m512d x = _mm512_mul_pd(_mm512_cvtps_pd(delta), factors);
    const __m512d below = _mm512_roundscale_pd(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(draws + i));
    const __m512d fraction = _mm512_mul_pd(_mm512_cvtepu32_pd(words), unit);
    const __mmask8 up = _mm512_cmp_pd_mask(_mm512_add_pd(_mm512_sub_pd(x, below), fraction), one, _CMP_GE_OQ);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i),
                        _mm512_cvttpd_epi32(_mm512_mask_add_pd(below, up, below, one)));
  }
  kBaseGrid.round(local + i, kHasBase ? base + i : nullptr, n - i, factor, draws + i, out + i);
}

void Round(const float* local, const float* base, std::size_t n, double factor, const std::uint32_t* draws,
           std::uint32_t* out) {
  base == nullptr ? RoundKind<false>(local, base, n, factor, draws, out)
                  : RoundKind<true>(local, base, n, factor, draws, out);
}

template <class Word>
void Add(const Word* from, std::size_t n, Word* into) {
  for (std::size_t i = 0; i < n; ++i) into[i] += from[i];
}

}  // namespace

const GridKernels kAvx512Grid = {"avx512", Supported, Round, Add<std::uint32_t>, Add<std::uint64_t>};

}  // namespace cairn::secagg
#endif

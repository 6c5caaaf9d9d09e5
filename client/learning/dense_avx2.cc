// Compiled with -mavx2 -mfma; called only where the processor has both.
#include <immintrin.h>

#include "client/learning/dense_kernels.h"

namespace {

constexpr int kMaxRows = 3;
constexpr int kTileOutputs = 3, kTileLanes = 1;

struct Lanes {
  __m256 low, high;

  static Lanes Load(const float* from) { return {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)}; }
  static __m256i Mask(int count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static Lanes LoadFirst(const float* from, decltype(sizeof(0)) count) {
    const int n = static_cast<int>(count);
    return {_mm256_maskload_ps(from, Mask(n)),
            n > 8 ? _mm256_maskload_ps(from + 8, Mask(n - 8)) : _mm256_setzero_ps()};
  }
  static Lanes Spread(float value) { return {_mm256_set1_ps(value), _mm256_set1_ps(value)}; }
};

inline Lanes Fma(Lanes a, Lanes b, Lanes c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}

inline void Store(float* to, Lanes v) {
  _mm256_storeu_ps(to, v.low);
  _mm256_storeu_ps(to + 8, v.high);
}

inline void StoreFirst(float* to, decltype(sizeof(0)) count, Lanes v) {
  const int n = static_cast<int>(count);
  _mm256_maskstore_ps(to, Lanes::Mask(n), v.low);
  if (n > 8) _mm256_maskstore_ps(to + 8, Lanes::Mask(n - 8), v.high);
}

inline float Sum(Lanes v) {
  const __m256 eight = _mm256_add_ps(v.low, v.high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace

#include "client/learning/dense_kernels_inl.h"

namespace cairn {
extern const DenseKernels kDenseAvx2;
const DenseKernels kDenseAvx2{"avx2", Forward, BackwardInput, Outer, ConvOuter};
}  // namespace cairn

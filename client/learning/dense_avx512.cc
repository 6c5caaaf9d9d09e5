// Compiled with -mavx512f -mavx2 -mfma; called only where the processor has them.
#include <immintrin.h>

#include "client/learning/dense_kernels.h"

namespace {

constexpr int kMaxRows = 10;
constexpr int kTileOutputs = 6, kTileLanes = 4;

struct Lanes {
  __m512 v;

  static __mmask16 Mask(decltype(sizeof(0)) count) { return static_cast<__mmask16>((1u << count) - 1u); }
  static Lanes Load(const float* from) { return {_mm512_loadu_ps(from)}; }
  static Lanes LoadFirst(const float* from, decltype(sizeof(0)) count) {
    return {_mm512_maskz_loadu_ps(Mask(count), from)};
  }
  static Lanes Spread(float value) { return {_mm512_set1_ps(value)}; }
};

inline Lanes Fma(Lanes a, Lanes b, Lanes c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
inline void Store(float* to, Lanes v) { _mm512_storeu_ps(to, v.v); }
inline void StoreFirst(float* to, decltype(sizeof(0)) count, Lanes v) {
  _mm512_mask_storeu_ps(to, Lanes::Mask(count), v.v);
}

inline float Sum(Lanes v) {
  const __m256 upper = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v.v), 1));
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(v.v), upper);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

}  // namespace

#include "client/learning/dense_kernels_inl.h"

namespace cairn {
extern const DenseKernels kDenseAvx512;
const DenseKernels kDenseAvx512{"avx512", Forward, BackwardInput, Outer, ConvOuter};
}  // namespace cairn

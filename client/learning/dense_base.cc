#include "client/learning/dense_kernels.h"

namespace {

constexpr int kMaxRows = 2;
constexpr int kTileOutputs = 2, kTileLanes = 1;

struct Lanes {
  float f[16];

  static Lanes Load(const float* from) {
    Lanes v;
    for (int k = 0; k < 16; ++k) v.f[k] = from[k];
    return v;
  }
  static Lanes LoadFirst(const float* from, decltype(sizeof(0)) count) {
    Lanes v{};
    for (decltype(count) k = 0; k < count; ++k) v.f[k] = from[k];
    return v;
  }
  static Lanes Spread(float value) {
    Lanes v;
    for (float& lane : v.f) lane = value;
    return v;
  }
};

inline Lanes Fma(const Lanes& a, const Lanes& b, const Lanes& c) {
  Lanes v;
  for (int k = 0; k < 16; ++k) v.f[k] = __builtin_fmaf(a.f[k], b.f[k], c.f[k]);
  return v;
}

inline void Store(float* to, const Lanes& v) {
  for (int k = 0; k < 16; ++k) to[k] = v.f[k];
}

inline void StoreFirst(float* to, decltype(sizeof(0)) count, const Lanes& v) {
  for (decltype(count) k = 0; k < count; ++k) to[k] = v.f[k];
}

inline float Sum(Lanes v) {
  for (int half = 8; half >= 1; half /= 2) {
    for (int k = 0; k < half; ++k) v.f[k] += v.f[k + half];
  }
  return v.f[0];
}

}  // namespace

#include "client/learning/dense_kernels_inl.h"

namespace cairn {
extern const DenseKernels kDenseBase;
const DenseKernels kDenseBase{"base", Forward, BackwardInput, Outer, ConvOuter};
}  // namespace cairn

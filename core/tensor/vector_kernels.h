#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn {

// The loops that touch every element of an update, one set per instruction level. Every set gives the same
// bits as the base loops; tests hold them against an oracle. Pointers need no alignment.

// A slice of one update and its grid factor (exact_sum.h). base is null where local already is Δ.
struct FoldInput {
  const float* local;
  const float* base;
  double factor;
};

inline constexpr std::size_t kFoldInputs = 4;  // updates added in one pass over the accumulator
inline constexpr std::size_t kNormLanes = 16;

struct VectorKernels {
  const char* name;
  bool (*supported)();
  // sum[i] += Σ q(inputs[k][i]), wrapping; 1 ≤ count ≤ kFoldInputs, and either all inputs have a base or
  // none.
  void (*fold)(const FoldInput* inputs, std::size_t count, std::size_t n, std::int64_t* sum);
  // Largest bit pattern of |Δ_i|, 0 when n is 0. As bits, Inf is above every number and NaN above Inf.
  std::uint32_t (*max_abs_bits)(const float* local, const float* base, std::size_t n);
  // lanes[i mod 16] += double(Δ_i)², for i ascending.
  void (*add_squares)(const float* local, const float* base, std::size_t n, double* lanes);
};

extern const VectorKernels kBaseKernels;
#if defined(__x86_64__)
extern const VectorKernels kAvx2Kernels;
extern const VectorKernels kAvx512Kernels;
#endif

// The widest set this CPU has, or the one forced (exact_sum.h).
const VectorKernels& ActiveKernels();

}  // namespace cairn

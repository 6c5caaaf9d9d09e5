#include <algorithm>
#include <bit>

#include "core/tensor/exact_sum.h"
#include "core/tensor/vector_kernels.h"

namespace cairn {
namespace {

bool Always() { return true; }

float Delta(const float* local, const float* base, std::size_t i) {
  return base == nullptr ? local[i] : local[i] - base[i];
}

void FoldOne(const FoldInput& input, std::size_t n, std::int64_t* sum) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t q = GridValue(Delta(input.local, input.base, i), input.factor);
    sum[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum[i]) + static_cast<std::uint64_t>(q));
  }
}

void Fold(const FoldInput* inputs, std::size_t count, std::size_t n, std::int64_t* sum) {
  for (std::size_t k = 0; k < count; ++k) FoldOne(inputs[k], n, sum);
}

std::uint32_t MaxAbsBits(const float* local, const float* base, std::size_t n) {
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < n; ++i) {
    most = std::max(most, std::bit_cast<std::uint32_t>(Delta(local, base, i)) & 0x7fffffffu);
  }
  return most;
}

void AddSquares(const float* local, const float* base, std::size_t n, double* lanes) {
  for (std::size_t i = 0; i < n; ++i) {
    const double d = Delta(local, base, i);
    lanes[i % kNormLanes] += d * d;
  }
}

}  // namespace

// Adding 1.5 · 2^52 pushes the fraction out of the mantissa, rounding it as the FPU rounds (nearest, ties to
// even); the low bits then are the integer. Right for |x| ≤ 2^51, and |q| ≤ 2^50. Unlike a library call, it
// compiles to one addition on every machine.
std::int64_t GridValue(float delta, double factor) {
  constexpr double kShift = 6755399441055744.0;
  const double shifted = static_cast<double>(delta) * factor + kShift;
  return static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(shifted) -
                                   std::bit_cast<std::uint64_t>(kShift));
}

const VectorKernels kBaseKernels = {"base", Always, Fold, MaxAbsBits, AddSquares};

}  // namespace cairn

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/tensor/huge_pages.h"
#include "core/tensor/update.h"

namespace cairn {

// Order-free sums. Each value becomes an integer q and is added in 64-bit two's complement with
// wrap-around, so arrival order, lanes and ranks cannot change a bit. Exactly:
//
//   Δ      = local − base                     one float32 subtraction
//   factor = (double(scale) · weight) · 2^f   one double product; the power of two is exact
//   q      = rne(double(Δ) · factor)          one double product, then to the nearest integer, ties to even
//
// f = 40 for parameters, 24 for buffers; with |Δ| ≤ 2^10 (2^26) and scale, weight ≤ 1, |q| ≤ 2^50 and
// 4,096 updates cannot wrap. Counters combine by maximum.
inline constexpr int kParameterFractionBits = 40;
inline constexpr int kBufferFractionBits = 24;
inline constexpr int kWeightFractionBits = 40;

// The factor of a view for a section with f fraction bits, and q of one Δ: the rule above as code, for those
// who add ring words by other ways (secure aggregation) and must arrive at equal bytes.
double GridFactor(const UpdateView& view, int fraction_bits);
std::int64_t GridValue(float delta, double factor);
std::int64_t GridWeight(double weight);  // rne(weight · 2^40)

using GridVector = std::vector<std::int64_t, ModelAllocator<std::int64_t>>;

// Plain, serialisable, mergeable in any order. Counters of an empty partial are the lowest integer.
struct Partial {
  GridVector parameters, buffers;
  std::vector<std::int64_t> counters;
  std::int64_t weight = 0;  // Σ GridWeight(weight)
  std::uint64_t count = 0;  // updates inside

  explicit Partial(const UpdateLayout& layout);
  Partial() = default;
};

// Adds every view of the batch, tile by tile, so the accumulator stays in cache. Views must have
// passed CheckUpdate: nothing can fail here. Picks the widest kernel the CPU has; every kernel gives
// the same integers as the plain loop (tests hold them against it).
void Accumulate(std::span<const UpdateView> batch, Partial& into);

// Refuses partials of other sizes (kUpdateLayout).
Status Merge(const Partial& from, Partial& into);

// One of `parts` equal slices of the same work, by position in the vectors: lanes that call it with parts
// 0 … parts − 1 on one Partial fill it together without touching each other's elements. Slice 0 also takes
// counters, weight and count.
void AccumulateSlice(std::span<const UpdateView> batch, std::size_t part, std::size_t parts, Partial& into);

// Names the kernel in use ("avx512", "avx2", "base"); tests may force one. Set before lanes start.
const char* ExactSumKernel();
bool ForceExactSumKernel(const char* name);  // false where the CPU lacks it; "auto" resets

}  // namespace cairn

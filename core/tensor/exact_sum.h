#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/tensor/update.h"

namespace cairn {

// Order-free sums. Each value becomes q = round-to-nearest-even(scale · weight · Δ · 2^f) and is
// added in 64-bit two's complement with wrap-around, so arrival order, lanes and ranks cannot change
// a bit. f = 40 for parameters, 24 for buffers; with |Δ| ≤ 2^10 (2^26) and weight ≤ 1, 4,096
// updates cannot wrap. Counters combine by maximum.
inline constexpr int kParameterFractionBits = 40;
inline constexpr int kBufferFractionBits = 24;
inline constexpr int kWeightFractionBits = 40;

// Plain, serialisable, mergeable in any order.
struct Partial {
  std::vector<std::int64_t> parameters, buffers, counters;
  std::int64_t weight = 0;  // Σ round(weight · 2^40)
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

// Names the kernel in use ("avx512", "avx2", "base"); tests may force one.
const char* ExactSumKernel();
bool ForceExactSumKernel(const char* name);  // false where the CPU lacks it; "auto" resets

}  // namespace cairn

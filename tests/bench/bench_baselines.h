#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

// What our kernels are measured against, compiled for this very machine with all optimisations on.

namespace cairn {

// sum[i] += weight · delta[i], update after update over the whole vector: the loop one writes first.
void NaiveFold(std::span<const float> delta, float weight, std::span<float> sum);

// Reads every word once and adds it up, which no memory keeps waiting: the speed of memory.
std::uint64_t ReadAll(std::span<const float> values);

}  // namespace cairn

#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

namespace cairn {

// A total order on floats that are not NaN, -0 before 0: sorted once, equal multisets have equal bits.
inline void SortElements(std::span<float> elements) {
  const auto rank = [](float x) {
    const auto bits = std::bit_cast<std::int32_t>(x);
    return bits < 0 ? bits ^ INT32_MAX : bits;
  };
  std::ranges::sort(elements, {}, rank);
}

}  // namespace cairn

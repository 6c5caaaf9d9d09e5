#pragma once

#include <cstdint>
#include <span>

namespace cairn {

// Decides u·weight < e^(−x) exactly, for a number u of which more bits are drawn when they are needed. For
// the few coins that double precision cannot decide (layered_gaussian.h).
struct ExpQuestion {
  std::uint64_t y = 0;  // x = y²·4^shift/(2·numerator²): the exponent of a discrete Gaussian
  std::uint32_t numerator = 1;
  unsigned shift = 0;
  std::uint64_t weight = 0;  // over 2^weight_bits, times (7/8)^sevenths
  unsigned weight_bits = 0;
  unsigned sevenths = 0;
};

enum class Comparison { kLess, kNotLess, kUndecided };

// u lies in [U, U + 1)/2^(64·words) where U is those words, the most significant first.
Comparison CompareWithExp(const ExpQuestion& question, std::span<const std::uint64_t> u);

}  // namespace cairn

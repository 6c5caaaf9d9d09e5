#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/base/result.h"

namespace cairn::secagg {

enum class Ring : std::uint8_t { k32 = 32, k64 = 64 };

// A run of coordinates of the masked vector that share a bound and a resolution.
struct Section {
  std::string name;          // "parameters", "buffers", "weight", "check", "examples", "metrics", …
  std::uint64_t length = 0;  // words
  // Of real sections the L2 bound C on a site's Δ, or 0 where every element was held to `bound` before (64
  // bits); 0 of integer sections.
  double clip = 0;
  std::uint8_t fraction_bits = 0;  // f; 0 for integer sections
  // Q: largest |q| of one site; of real sections ⌈C · 2^f⌉, and the room that noise of the site's needs.
  std::uint64_t bound = 0;
  friend bool operator==(const Section&, const Section&) = default;
};

// n_max · Q < 2^(r−1) for every real section, 2^r for counts, which are never negative. A real section counts
// with at least ⌈clip · 2^f⌉, whatever bound it names. kSecAggWrap names the section and the largest cohort
// it would hold.
Status CheckNoWrap(std::span<const Section> sections, Ring ring, std::uint64_t n_max);

// Largest f ≤ 62 with n_max · ⌈clip · 2^f⌉ < 2^(r−1); 0 where none is, which CheckNoWrap then refuses.
std::uint8_t LargestFraction(double clip, Ring ring, std::uint64_t n_max);

// w_int = max(1, round(min(examples, cap) / cap · 2^f_w)); w̃ = w_int · 2^−f_w is the weight, exactly.
std::uint64_t GridWeight(std::int64_t examples, std::uint32_t cap, int weight_bits);

// Writes q_i of one section: Δ = local − base in float32 (base empty: local is the delta), scaled by
// min(1, clip / ‖Δ‖₂) with the norm in double and the factor rounded down, times weight · 2^f.
//   k32: ⌊x + u⌋ with u uniform from the stream (unbiased; one 32-bit draw a coordinate, in order)
//   k64: round to nearest, ties to even; when nothing is clipped, the integers of the plain exact sum
//        (core/tensor/exact_sum.h)
// Where there is a clip, |q_i| ≤ ⌈clip · 2^f⌉ for every input.
// Refuses NaN and Inf (kUpdateNotFinite), by index. Returns whether the section was clipped.
Result<bool> Quantise(std::span<const float> local, std::span<const float> base, const Section& section,
                      double weight, RandomStream stream, std::span<std::uint32_t> out);
Result<bool> Quantise(std::span<const float> local, std::span<const float> base, const Section& section,
                      double weight, std::span<std::uint64_t> out);

// a += b, wrapping.
void AddWords(std::span<const std::uint32_t> from, std::span<std::uint32_t> into);
void AddWords(std::span<const std::uint64_t> from, std::span<std::uint64_t> into);

// Centre-lifts one word to a signed integer.
inline std::int64_t Lift(std::uint32_t word) { return static_cast<std::int32_t>(word); }
inline std::int64_t Lift(std::uint64_t word) { return static_cast<std::int64_t>(word); }

}  // namespace cairn::secagg

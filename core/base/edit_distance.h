#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

// Finds the word a person meant: for mistyped commands, flags and configuration keys.

namespace cairn {

// The number of insertions, deletions, replacements and swaps of neighbours that turn a into b
// (optimal string alignment distance). O(|a|·|b|) time, O(|b|) memory; bytes, not code points.
std::size_t EditDistance(std::string_view a, std::string_view b);

// The candidate nearest to `word`, ties to the earlier one; empty when none is near enough to be a
// typing slip: more than a third of the longer word, and at least one, would have to change.
std::string NearestWord(std::string_view word, std::span<const std::string> candidates);

}  // namespace cairn

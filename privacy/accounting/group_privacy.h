#pragma once

#include <cstdint>
#include <functional>

#include "privacy/accounting/epsilon_delta.h"

namespace cairn {

// What a promise for rows says for people with up to `rows` of them: less, quickly. If (ε, δ) holds for one
// row, then (kε, δ·(e^(kε) − 1)/(e^ε − 1)) holds for k of them (Vadhan 2017, "The Complexity of Differential
// Privacy", Lemma 2.2, before its last simplification). The row-level δ is searched for, so that the person's
// δ is the one asked for. `for_row` gives the row-level ε at a δ. ε is +∞ where no δ of a row down to 1e-300
// serves.
EpsilonDelta PersonEpsilonFromRows(const std::function<EpsilonDelta(Delta)>& for_row, std::uint32_t rows,
                                   Delta delta);

}  // namespace cairn

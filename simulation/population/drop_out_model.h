#pragma once

#include <cstdint>
#include <optional>

#include "core/base/ids.h"
#include "core/base/random.h"

namespace cairn {

// Which invited sites are lost in an attempt at a round, and where they fall silent: each with the same
// probability, independently, at one of four equally likely places.
struct DropOutModel {
  enum class Place : std::uint8_t {
    kBeforeKeys = 0,    // never heard of
    kBeforeShares = 1,  // its keys are there; nobody masks against it
    kBeforeVector = 2,  // others mask against it, so its masks have to be taken out of the sum
    kAfterVector = 3,   // it is in the sum, and does not help to open it
  };
  double probability = 0;  // in [0, 1)

  bool active() const { return probability > 0; }
  // Nothing: the site stays. A pure function of (seed, round, attempt, client).
  std::optional<Place> Of(const RandomSource& random, RoundId round, std::uint32_t attempt,
                          ClientId client) const;
};

}  // namespace cairn

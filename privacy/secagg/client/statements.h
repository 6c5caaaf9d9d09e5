#pragma once

#include <optional>

#include "core/base/result.h"
#include "privacy/crypto/transcript.h"
#include "privacy/secagg/client/state_writer.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/contradiction.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// What the aggregator signed for one attempt, as far as this site took it. Kept when secrets and shares are
// gone, so that another statement in its place is known for what it is. Plain data, nothing of it secret.
struct Statements {
  std::optional<SignedCohort> cohort;
  std::optional<SignedSet> shared, survivors;  // U2, U3: never without those before them

  static Result<Statements> Read(TranscriptReader& in);
  void Write(StateWriter& out) const;
};

// The proof, when `message` is another statement that the aggregator signed for the same attempt; nothing
// when it is the same one, is not signed, or none was taken yet.
std::optional<Contradiction> FindContradiction(const Attempt& attempt, const Statements& taken,
                                               const CohortMessage& message);
std::optional<Contradiction> FindContradiction(const Attempt& attempt, const Statements& taken,
                                               const DeliveryMessage& message);
std::optional<Contradiction> FindContradiction(const Attempt& attempt, const Statements& taken,
                                               const SurvivorsMessage& message);

}  // namespace cairn::secagg

#pragma once

#include "core/base/result.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/contradiction.h"
#include "privacy/secagg/shared/messages.h"

// The first half of R1 at a site: what a cohort says, and whether the aggregator said it. Pure functions.

namespace cairn::secagg {

// Counts and order, before anything is looked up or hashed. kSecAggMessage.
Status CheckCohortShape(const Attempt& attempt, const CohortMessage& cohort);

// What the aggregator signed, of a cohort in shape. kSecAggMember when it did not; kSecAggMessage for a proof
// that gives no root.
Result<SignedCohort> VerifyCohort(const Attempt& attempt, const CohortMessage& cohort);

}  // namespace cairn::secagg

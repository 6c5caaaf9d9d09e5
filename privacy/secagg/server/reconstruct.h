#pragma once

#include "core/base/result.h"
#include "privacy/secagg/server/answers.h"
#include "privacy/secagg/server/cohort.h"
#include "privacy/secagg/server/evidence.h"
#include "privacy/secagg/server/unmask_work.h"
#include "privacy/secagg/shared/attempt.h"

namespace cairn::secagg {

// The finish of an attempt: b_u of every survivor and s_v of every lost site from t shares each, held against
// com_u and S_v, and from these the keys of all masks that are still in the sum: the self masks of U3, taken
// off, and the masks that survivors shared with lost neighbours, taken off where the survivor added them (u <
// v) and put back where not.
//
// kSecAggShare when a secret is not what its owner advertised though all its shares are as it dealt them:
// that dealer is blamed. Terms are ordered by position whatever `lanes` does. Time: one key agreement a lost
// pair.
Result<UnmaskWork> Reconstruct(const Attempt& attempt, const Cohort& cohort, const Answers& answers,
                               const ParallelFor& lanes, Evidence& evidence);

}  // namespace cairn::secagg

// Nothing is sealed without a clearance, and a clearance is used once: the ways around are type errors.

#include <utility>

#include "client/policy/egress_guard.h"

namespace cairn {

Status SealRound(const EgressGuard& guard, const JobManifest& manifest, RoundKey key, WorkResult work,
                 const UpdateLayout& layout) {
  Result<EgressClearance> clearance = EgressClearance::Open(manifest, key);
  if (!clearance.ok()) return clearance.status();
#if CASE == 0
  return guard.Seal(*std::move(clearance), RoundKind::kTrain, std::move(work), layout).status();
#elif CASE == 1
  return guard.Seal(key, RoundKind::kTrain, std::move(work), layout).status();
#elif CASE == 2
  return guard.Seal(*clearance, RoundKind::kTrain, std::move(work), layout).status();
#elif CASE == 3
  return guard.Seal(EgressClearance(key), RoundKind::kTrain, std::move(work), layout).status();
#elif CASE == 4
  return EgressClearance::Private(manifest, key, 320).status();
#endif
}

}  // namespace cairn

#include "client/policy/egress_clearance.h"

namespace cairn {

Result<EgressClearance> EgressClearance::Open(const JobManifest& manifest, RoundKey key) {
  if (!manifest.spec.privacy) return EgressClearance(key);
  return Status(errors::kInternal, "a private round was to be sealed without the permit of its charge");
}

Result<EgressClearance> EgressClearance::Private(const JobManifest& manifest, RoundKey key,
                                                 std::uint64_t population, ReleasePermit permit) {
  const ChargeKey& charged = permit.charge().key;
  const bool is_of_round =
      charged.job == key.job && charged.round == key.round && charged.attempt == key.attempt;
  if (is_of_round && charged.manifest.hex() == manifest.digest)
    return EgressClearance(key, population, std::move(permit));
  return Status(errors::kInternal, "the permit is of another round than the one to be sealed");
}

}  // namespace cairn

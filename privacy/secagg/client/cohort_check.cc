#include "privacy/secagg/client/cohort_check.h"

#include <string>
#include <vector>

#include "privacy/secagg/shared/derive.h"
#include "privacy/secagg/shared/merkle.h"

namespace cairn::secagg {
namespace {

Status Malformed(const std::string& what) { return Status(errors::kSecAggMessage, "the cohort " + what); }

}  // namespace

Status CheckCohortShape(const Attempt& attempt, const CohortMessage& cohort) {
  const bool complete = attempt.is_complete();
  const std::size_t expected = complete ? cohort.n : attempt.terms.k + 1;
  if (cohort.adverts.size() != expected) {
    return Malformed("shows " + std::to_string(cohort.adverts.size()) + " adverts, expected " +
                     std::to_string(expected));
  }
  if (complete && (!cohort.proof.empty() || cohort.members.universe() != 0)) {
    return Malformed("has parts that a complete graph lacks");
  }
  if (!complete && (cohort.members.universe() != attempt.membership->members.size() ||
                    cohort.members.size() != cohort.n)) {
    return Malformed("lists " + std::to_string(cohort.members.size()) + " members, it has " +
                     std::to_string(cohort.n));
  }
  for (std::size_t i = 0; i < cohort.adverts.size(); ++i) {
    const PlacedAdvert& placed = cohort.adverts[i];
    if (placed.position >= cohort.n) return Malformed("has an advert beyond its end");
    if (complete && placed.position != i) return Malformed("has an advert at a wrong place");
    if (i == 0) continue;
    const PlacedAdvert& before = cohort.adverts[i - 1];
    if (placed.position <= before.position || placed.member <= before.member) {
      return Malformed("is not in the order of the roster");
    }
  }
  return Status::Ok();
}

Result<SignedCohort> VerifyCohort(const Attempt& attempt, const CohortMessage& cohort) {
  std::vector<std::size_t> places;
  std::vector<Sha256Digest> leaves;
  for (const PlacedAdvert& placed : cohort.adverts) {
    places.push_back(placed.position);
    leaves.push_back(AdvertLeaf(placed.member, AdvertHash(attempt.context, placed.member, placed.advert)));
  }
  Sha256Digest root;
  if (attempt.is_complete()) {
    root = MerkleRoot(leaves);
  } else {
    CAIRN_ASSIGN_OR_RETURN(root, MerkleRootFromProof(cohort.n, places, leaves, cohort.proof));
  }
  if (!attempt.primitives->Verifies(attempt.terms.aggregator,
                                    CohortBytes(attempt.context, cohort.n, root, cohort.members),
                                    cohort.signature)) {
    return Status(errors::kSecAggMember, "the cohort is not signed by this round's aggregator");
  }
  return SignedCohort{{cohort.n, root, cohort.members}, cohort.signature};
}

}  // namespace cairn::secagg

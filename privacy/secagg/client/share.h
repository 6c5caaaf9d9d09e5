#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/aead.h"
#include "privacy/secagg/client/advertise.h"
#include "privacy/secagg/client/neighbourhood.h"
#include "privacy/secagg/client/state_writer.h"
#include "privacy/secagg/shared/advert_rules.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/contradiction.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// R1 at a site: checks who takes part, then splits s_u and b_u among the holders.
class Shared {
 public:
  // Checks in this order: size of U1 (kSecAggFloor); shape, own advert at its place (kSecAggMessage); the
  // aggregator's signature over the root (kSecAggMember); every advert as CheckAdvert does, no key twice
  // (kSecAggMember, kSecAggKey); the neighbours are those the graph gives (kSecAggMessage).
  static Result<Shared> Deal(const Attempt& attempt, std::uint32_t own, const Advertised& advertised,
                             const CohortMessage& cohort, const SeenKeys* seen);
  static Result<Shared> Read(TranscriptReader& in);
  void Write(StateWriter& out) const;

  const SharesMessage& message() const { return message_; }
  const Neighbourhood& neighbourhood() const { return neighbourhood_; }
  // What opens the shares that each of the circle sealed for this site, in the circle's order. The keys of R1
  // the first time; derived again after a restart.
  Result<std::vector<AeadKey>> TakeOpeningKeys(const Attempt& attempt, std::uint32_t own,
                                               const Advertised::Secrets& secrets);
  // `cohort` is the one that was answered.
  bool Answers(const CohortMessage& cohort) const;
  const SignedCohort& signed_cohort() const { return signed_cohort_; }  // of a deal, not of what was read

 private:
  Shared() = default;
  Neighbourhood neighbourhood_;
  Sha256Digest cohort_digest_;
  SharesMessage message_;
  std::vector<AeadKey> opening_keys_;  // not saved
  SignedCohort signed_cohort_;         // not saved here: it outlives the shares
};

}  // namespace cairn::secagg

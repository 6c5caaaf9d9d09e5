#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "privacy/secagg/server/cohort.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// R3 at the aggregator: which survivors bound themselves to U3. A site may be asked for shares once it agreed
// itself and t of those it counts did (complete graph: of U3; regular: of its neighbours in U3).
class Agreements {
 public:
  Agreements(const Cohort& cohort, SiteSet u2, SiteSet u3);

  // kSecAggMember for a site outside of U3 or a signature that does not fit.
  Status Take(const Attempt& attempt, const Cohort& cohort, std::uint32_t member,
              const AgreementMessage& message);
  const SiteSet& agreed() const { return agreed_; }
  // The sites that may be asked hold t shares of every secret.
  bool can_close() const { return holders_.all_reach_threshold(); }
  // Fixes what requests show; kSecAggFloor. Who agrees later may be asked too, with the same signatures.
  Status Close(const Cohort& cohort);

  const SiteSet& u3() const { return u3_; }
  const SiteSet& askable() const { return asked_; }  // empty while open
  std::optional<UnmaskRequest> RequestFor(const Cohort& cohort, Position position) const;

 private:
  bool HasQuorum(const Cohort& cohort, Position position) const {
    return votes_.of(position) >= cohort.threshold();
  }
  void CountAskable(const Cohort& cohort, Position position);

  SiteSet u2_, u3_, agreed_, counted_;
  SiteSet shown_, asked_;              // fixed when the phase closes; only asked_ grows later
  std::vector<Signature> signatures_;  // by position, of those that agreed
  HolderCount votes_;                  // of the sites that u counts, how many agreed
  HolderCount holders_;                // of each secret's holders, how many can be asked
  bool closed_ = false;
};

}  // namespace cairn::secagg

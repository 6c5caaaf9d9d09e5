#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "privacy/secagg/server/cohort.h"
#include "privacy/secagg/server/evidence.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// R2 at the aggregator: whose masked vector is in the sum. The vectors themselves never come here.
class Inputs {
 public:
  Inputs(const Cohort& cohort, SiteSet u2);

  // kSecAggMember for a site outside of U2 or a signature that does not fit; kSecAggMessage for a second
  // vector, one of another length, and one that comes after its site was named dropped or left with a
  // complaint.
  Status Take(const Attempt& attempt, const Cohort& cohort, std::uint32_t member, const MaskedInput& input,
              bool open, Evidence& evidence);
  // `about` is what was delivered of the accused; null when nothing was.
  Status Complain(const Attempt& attempt, const Cohort& cohort, std::uint32_t member,
                  const Complaint& complaint, const SealedShare* about, bool open, Evidence& evidence);
  SiteSet waiting() const;
  bool can_close(const Cohort& cohort) const;
  Status Close(const Attempt& attempt, const Cohort& cohort);  // signs U3; kSecAggFloor

  const SiteSet& u2() const { return u2_; }
  const SiteSet& u3() const { return u3_; }  // empty while open
  SurvivorsMessage message() const { return {u3_, signature_}; }

 private:
  Status CheckFresh(const Attempt& attempt, std::uint32_t member, Position position) const;

  SiteSet u2_, arrived_, left_, u3_;
  std::vector<std::optional<MaskedInput>> inputs_;  // by position
  HolderCount holders_;
  Signature signature_;
};

}  // namespace cairn::secagg

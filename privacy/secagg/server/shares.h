#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "privacy/secagg/server/cohort.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// R1 at the aggregator: relays sealed shares it cannot read, and keeps their hashes to judge what is revealed
// in R4.
class Shares {
 public:
  explicit Shares(const Cohort& cohort);

  // kSecAggMember for a stranger or a signature that does not fit; kSecAggMessage for a second, late or
  // ill-shaped message.
  Status Take(const Attempt& attempt, const Cohort& cohort, std::uint32_t member,
              const SharesMessage& message, bool open);
  const SiteSet& arrived() const { return arrived_; }
  bool can_close(const Cohort& cohort) const { return Usable(cohort).size() >= cohort.smallest_sum(); }
  // Signs U2; kSecAggFloor below the smallest sum.
  Status Close(const Attempt& attempt, const Cohort& cohort);

  const SiteSet& u2() const { return u2_; }
  DeliveryMessage DeliveryFor(const Cohort& cohort, Position holder) const;
  // Of the share that `owner` dealt to the holder with this x.
  const Sha256Digest& HashOf(Position owner, std::uint8_t index, ShareKind kind) const;

 private:
  // Sites that shared and have t holders who did; without these nobody could unmask them, nor would they go
  // on.
  SiteSet Usable(const Cohort& cohort) const;

  std::vector<std::optional<SharesMessage>> messages_;  // by position
  SiteSet arrived_, u2_;
  Signature signature_;
};

}  // namespace cairn::secagg

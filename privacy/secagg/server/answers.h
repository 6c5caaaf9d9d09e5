#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "privacy/secagg/server/cohort.h"
#include "privacy/secagg/server/evidence.h"
#include "privacy/secagg/server/shares.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// R4 at the aggregator: one revealed share of every owner from each site that was asked, each held to the
// hash that its dealer signed for.
class Answers {
 public:
  Answers(const Cohort& cohort, SiteSet u2, SiteSet u3);

  // kSecAggMember for a site that was not asked or a signature that does not fit; kSecAggMessage for other
  // owners or kinds than asked for; kSecAggShare for a share that is not the dealt one: its holder is blamed,
  // and the sum is opened with the shares of others.
  Status Take(const Attempt& attempt, const Cohort& cohort, const Shares& shares, const SiteSet& asked,
              std::uint32_t member, const UnmaskMessage& message, Evidence& evidence);
  const SiteSet& answered() const { return answered_; }
  bool can_unmask() const { return holders_.all_reach_threshold(); }

  const SiteSet& u2() const { return u2_; }
  const SiteSet& u3() const { return u3_; }
  struct Revealed {
    std::uint8_t index = 0;  // x
    std::span<const std::byte, kShareBytes> share;
  };
  // The first t shares of an owner's secret, by x. Borrowed.
  std::vector<Revealed> SharesOf(const Cohort& cohort, Position owner) const;

 private:
  Status CheckShape(const Attempt& attempt, const Cohort& cohort, Position holder, std::uint32_t member,
                    const UnmaskMessage& message) const;

  SiteSet u2_, u3_, answered_;
  std::vector<std::optional<UnmaskMessage>> messages_;  // by position
  HolderCount holders_;
};

}  // namespace cairn::secagg

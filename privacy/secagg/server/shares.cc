#include "privacy/secagg/server/shares.h"

#include <algorithm>
#include <string>

#include "core/base/check.h"
#include "privacy/secagg/shared/derive.h"

namespace cairn::secagg {

Shares::Shares(const Cohort& cohort) : messages_(cohort.size()), arrived_(cohort.size()) {}

Status Shares::Take(const Attempt& attempt, const Cohort& cohort, std::uint32_t member,
                    const SharesMessage& message, bool open) {
  CAIRN_ASSIGN_OR_RETURN(const Position position,
                         cohort.Require(attempt, member, SiteSet::All(cohort.size()), "of the cohort"));
  if (messages_[position]) {
    if (*messages_[position] == message) return Status::Ok();
    return Status(errors::kSecAggMessage, attempt.NameOf(member) + " shared otherwise before");
  }
  if (!open)
    return Status(errors::kSecAggMessage, "sharing is closed, " + attempt.NameOf(member) + " is late");
  const std::vector<Position> holders = cohort.graph().Holders(position);
  const bool fits =
      std::equal(holders.begin(), holders.end(), message.shares.begin(), message.shares.end(),
                 [](Position holder, const SealedShare& share) { return holder == share.peer; });
  if (!fits) {
    return Status(errors::kSecAggMessage, attempt.NameOf(member) + " sent " +
                                              std::to_string(message.shares.size()) +
                                              " shares, expected one for each of " +
                                              std::to_string(holders.size()) + " holders in order");
  }
  const Membership::Member* sender = attempt.membership->Find(member);
  if (!attempt.primitives->Verifies(sender->key, SharesBytes(cohort.context(), member, message.shares),
                                    message.signature)) {
    return Status(errors::kSecAggMember,
                  "the shares of " + attempt.NameOf(member) + " are not signed for this cohort");
  }
  messages_[position] = message;
  arrived_.Add(position);
  return Status::Ok();
}

SiteSet Shares::Usable(const Cohort& cohort) const {
  SiteSet usable = arrived_;
  if (cohort.graph().is_complete()) return usable;  // the smallest sum is t at least
  for (bool changed = true; changed;) {
    changed = false;
    for (const Position position : usable.Members()) {
      const std::vector<Position> holders = cohort.graph().Holders(position);
      const auto here =
          std::count_if(holders.begin(), holders.end(), [&](Position p) { return usable.Has(p); });
      if (here >= static_cast<std::ptrdiff_t>(cohort.threshold())) continue;
      usable.Remove(position);
      changed = true;
    }
  }
  return usable;
}

Status Shares::Close(const Attempt& attempt, const Cohort& cohort) {
  SiteSet usable = Usable(cohort);
  if (usable.size() < cohort.smallest_sum()) {
    return Status(errors::kSecAggFloor, std::to_string(usable.size()) + " sites shared, a sum needs " +
                                            std::to_string(cohort.smallest_sum()));
  }
  u2_ = std::move(usable);
  signature_ = attempt.primitives->Sign(DeliveryBytes(cohort.context(), u2_));
  return Status::Ok();
}

DeliveryMessage Shares::DeliveryFor(const Cohort& cohort, Position holder) const {
  DeliveryMessage message;
  message.u2 = u2_;
  message.signature = signature_;
  for (const Position owner : cohort.graph().Holders(holder)) {
    if (!u2_.Has(owner)) continue;
    SealedShare share = messages_[owner]->shares[*cohort.graph().ShareIndex(owner, holder) - 1u];
    share.peer = owner;
    message.shares.push_back(share);
  }
  return message;
}

const Sha256Digest& Shares::HashOf(Position owner, std::uint8_t index, ShareKind kind) const {
  CAIRN_CHECK(messages_[owner].has_value(), "hashes are asked for members of U2");
  const SealedShare& share = messages_[owner]->shares[index - 1u];
  return kind == ShareKind::kMaskKey ? share.mask_key_hash : share.self_mask_hash;
}

}  // namespace cairn::secagg

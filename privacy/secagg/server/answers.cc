#include "privacy/secagg/server/answers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/check.h"
#include "privacy/secagg/shared/derive.h"

namespace cairn::secagg {

Answers::Answers(const Cohort& cohort, SiteSet u2, SiteSet u3)
    : u2_(std::move(u2)),
      u3_(std::move(u3)),
      answered_(cohort.size()),
      messages_(cohort.size()),
      holders_(cohort, u2_) {}

Status Answers::CheckShape(const Attempt& attempt, const Cohort& cohort, Position holder,
                           std::uint32_t member, const UnmaskMessage& message) const {
  auto share = message.shares.begin();
  for (const Position owner : cohort.graph().Holders(holder)) {
    if (!u2_.Has(owner)) continue;
    const ShareKind kind = u3_.Has(owner) ? ShareKind::kSelfMask : ShareKind::kMaskKey;
    if (share == message.shares.end() || share->owner != owner || share->kind != kind) {
      return Status(errors::kSecAggMessage, "the answer of " + attempt.NameOf(member) +
                                                " lacks the share asked for of " +
                                                attempt.NameOf(cohort.MemberAt(owner)));
    }
    ++share;
  }
  if (share == message.shares.end()) return Status::Ok();
  return Status(errors::kSecAggMessage,
                "the answer of " + attempt.NameOf(member) + " has shares beyond those asked for");
}

Status Answers::Take(const Attempt& attempt, const Cohort& cohort, const Shares& shares, const SiteSet& asked,
                     std::uint32_t member, const UnmaskMessage& message, Evidence& evidence) {
  CAIRN_ASSIGN_OR_RETURN(const Position holder,
                         cohort.Require(attempt, member, asked, "that were asked for shares"));
  if (messages_[holder] == message) return Status::Ok();
  if (messages_[holder]) {
    return Status(errors::kSecAggMessage, attempt.NameOf(member) + " answered otherwise before");
  }
  CAIRN_RETURN_IF_ERROR(CheckShape(attempt, cohort, holder, member, message));
  if (!attempt.primitives->Verifies(attempt.membership->Find(member)->key,
                                    UnmaskBytes(cohort.context(), member, u3_, message.shares),
                                    message.signature)) {
    return Status(errors::kSecAggMember,
                  "the answer of " + attempt.NameOf(member) + " is not signed for this sum");
  }
  for (const RevealedShare& share : message.shares) {
    const std::uint32_t owner = cohort.MemberAt(share.owner);
    const std::uint8_t index = *cohort.graph().ShareIndex(share.owner, holder);
    if (ShareHash(cohort.context(), owner, member, share.kind, share.share) ==
        shares.HashOf(share.owner, index, share.kind)) {
      continue;
    }
    evidence.Add({Blame::Kind::kWrongShare, member, std::nullopt});
    return Status(errors::kSecAggShare, attempt.NameOf(member) + " revealed another share than " +
                                            attempt.NameOf(owner) + " dealt to it");
  }
  messages_[holder] = message;
  answered_.Add(holder);
  holders_.Add(cohort, holder);
  return Status::Ok();
}

std::vector<Answers::Revealed> Answers::SharesOf(const Cohort& cohort, Position owner) const {
  std::vector<Revealed> result;
  std::uint8_t index = 0;
  for (const Position holder : cohort.graph().Holders(owner)) {
    ++index;
    if (!messages_[holder]) continue;
    const std::vector<RevealedShare>& shares = messages_[holder]->shares;
    const auto at =
        std::lower_bound(shares.begin(), shares.end(), owner,
                         [](const RevealedShare& s, Position wanted) { return s.owner < wanted; });
    CAIRN_CHECK(at != shares.end() && at->owner == owner, "answers were checked for one share an owner");
    result.push_back({index, at->share});
    if (result.size() == cohort.threshold()) break;
  }
  return result;
}

}  // namespace cairn::secagg

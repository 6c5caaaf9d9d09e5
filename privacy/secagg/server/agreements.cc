#include "privacy/secagg/server/agreements.h"

#include <string>
#include <utility>

#include "privacy/secagg/shared/derive.h"

namespace cairn::secagg {

Agreements::Agreements(const Cohort& cohort, SiteSet u2, SiteSet u3)
    : u2_(std::move(u2)),
      u3_(std::move(u3)),
      agreed_(cohort.size()),
      counted_(cohort.size()),
      shown_(cohort.size()),
      asked_(cohort.size()),
      signatures_(cohort.size()),
      votes_(cohort, u3_),
      holders_(cohort, u2_) {}

Status Agreements::Take(const Attempt& attempt, const Cohort& cohort, std::uint32_t member,
                        const AgreementMessage& message) {
  CAIRN_ASSIGN_OR_RETURN(const Position position,
                         cohort.Require(attempt, member, u3_, "that are to be summed"));
  if (agreed_.Has(position) && signatures_[position] == message.signature) return Status::Ok();
  if (agreed_.Has(position)) {
    return Status(errors::kSecAggMessage, attempt.NameOf(member) + " agreed otherwise before");
  }
  if (!attempt.primitives->Verifies(attempt.membership->Find(member)->key,
                                    AgreedBytes(cohort.context(), member, u2_, u3_), message.signature)) {
    return Status(errors::kSecAggMember,
                  attempt.NameOf(member) + " did not sign for the survivors that were named");
  }
  signatures_[position] = message.signature;
  agreed_.Add(position);
  if (closed_) {
    if (HasQuorum(cohort, position)) asked_.Add(position);
    return Status::Ok();
  }
  votes_.Add(cohort, position);
  CountAskable(cohort, position);
  for (const Position counter : cohort.graph().Holders(position)) CountAskable(cohort, counter);
  return Status::Ok();
}

void Agreements::CountAskable(const Cohort& cohort, Position position) {
  if (counted_.Has(position) || !agreed_.Has(position) || !HasQuorum(cohort, position)) return;
  counted_.Add(position);
  holders_.Add(cohort, position);
}

Status Agreements::Close(const Cohort& cohort) {
  if (!can_close()) {
    return Status(errors::kSecAggFloor, std::to_string(agreed_.size()) + " of " + std::to_string(u3_.size()) +
                                            " sites agreed on the survivors, each secret needs " +
                                            std::to_string(cohort.threshold()) + " holders that did");
  }
  shown_ = agreed_;
  asked_ = counted_;
  closed_ = true;
  return Status::Ok();
}

std::optional<UnmaskRequest> Agreements::RequestFor(const Cohort& cohort, Position position) const {
  if (!asked_.Has(position)) return std::nullopt;
  UnmaskRequest request;
  for (const Position voter : cohort.graph().Holders(position)) {
    if (!shown_.Has(voter)) continue;
    request.agreed.push_back({voter, signatures_[voter]});
    if (request.agreed.size() == cohort.threshold()) break;  // each costs the site a verification
  }
  return request;
}

}  // namespace cairn::secagg

#include "privacy/secagg/server/inputs.h"

#include <string>
#include <utility>

#include "privacy/secagg/shared/derive.h"
#include "privacy/secagg/shared/share_evidence.h"

namespace cairn::secagg {

Inputs::Inputs(const Cohort& cohort, SiteSet u2)
    : u2_(std::move(u2)),
      arrived_(cohort.size()),
      left_(cohort.size()),
      inputs_(cohort.size()),
      holders_(cohort, u2_) {}

Status Inputs::Take(const Attempt& attempt, const Cohort& cohort, std::uint32_t member,
                    const MaskedInput& input, bool open, Evidence& evidence) {
  CAIRN_ASSIGN_OR_RETURN(const Position position, cohort.Require(attempt, member, u2_, "that shared"));
  if (inputs_[position] == input) return Status::Ok();
  const bool is_signed =
      attempt.primitives->Verifies(attempt.membership->Find(member)->key,
                                   MaskedBytes(cohort.context(), member, u2_, input), input.signature);
  if (!is_signed) {
    return Status(errors::kSecAggMember,
                  "the masked input of " + attempt.NameOf(member) + " is not signed for this cohort");
  }
  if (inputs_[position]) {
    evidence.Add({Blame::Kind::kTwoInputs, member, std::nullopt});
    return Status(errors::kSecAggMessage, attempt.NameOf(member) + " sent another masked input before");
  }
  if (!open || left_.Has(position)) {
    return Status(errors::kSecAggMessage,
                  attempt.NameOf(member) + " counts as dropped, its input is discarded");
  }
  if (input.bytes != attempt.terms.byte_size()) {
    return Status(errors::kSecAggMessage, "the masked input of " + attempt.NameOf(member) + " has " +
                                              std::to_string(input.bytes) + " bytes, expected " +
                                              std::to_string(attempt.terms.byte_size()));
  }
  inputs_[position] = input;
  arrived_.Add(position);
  holders_.Add(cohort, position);
  return Status::Ok();
}

Status Inputs::Complain(const Attempt& attempt, const Cohort& cohort, std::uint32_t member,
                        const Complaint& complaint, const SealedShare* about, bool open, Evidence& evidence) {
  CAIRN_ASSIGN_OR_RETURN(const Position position, cohort.Require(attempt, member, u2_, "that shared"));
  if (!attempt.primitives->Verifies(attempt.membership->Find(member)->key,
                                    ComplaintBytes(cohort.context(), complaint), complaint.signature)) {
    return Status(errors::kSecAggMember,
                  "the complaint of " + attempt.NameOf(member) + " is not signed for this cohort");
  }
  if (about == nullptr || complaint.accused == position || complaint.evidence != EvidenceOf(*about)) {
    return Status(errors::kSecAggMessage, "the complaint of " + attempt.NameOf(member) +
                                              " is about a share that was not delivered to it");
  }
  if (!open || arrived_.Has(position)) {
    return Status(errors::kSecAggMessage, "the complaint of " + attempt.NameOf(member) + " comes too late");
  }
  left_.Add(position);
  evidence.Add({Blame::Kind::kComplaint, cohort.MemberAt(complaint.accused), member});
  return Status::Ok();
}

SiteSet Inputs::waiting() const {
  SiteSet result = u2_;
  for (const SiteSet* gone : {&arrived_, &left_}) {
    for (const Position position : gone->Members()) result.Remove(position);
  }
  return result;
}

bool Inputs::can_close(const Cohort& cohort) const {
  return arrived_.size() >= cohort.smallest_sum() && holders_.all_reach_threshold();
}

Status Inputs::Close(const Attempt& attempt, const Cohort& cohort) {
  if (!can_close(cohort)) {
    return Status(errors::kSecAggFloor,
                  std::to_string(arrived_.size()) + " masked inputs of " + std::to_string(u2_.size()) +
                      " arrived, a sum needs " + std::to_string(cohort.smallest_sum()) + ", and " +
                      std::to_string(cohort.threshold()) + " holders of every site's shares");
  }
  u3_ = arrived_;
  signature_ = attempt.primitives->Sign(SurvivorsBytes(cohort.context(), u2_, u3_));
  return Status::Ok();
}

}  // namespace cairn::secagg

#include "privacy/secagg/server/server.h"

#include <string>
#include <utility>

#include "privacy/secagg/server/adverts.h"
#include "privacy/secagg/server/agreements.h"
#include "privacy/secagg/server/answers.h"
#include "privacy/secagg/server/cohort.h"
#include "privacy/secagg/server/inputs.h"
#include "privacy/secagg/server/reconstruct.h"
#include "privacy/secagg/server/shares.h"
#include "privacy/secagg/shared/attempt.h"

namespace cairn::secagg {
namespace {

// Which phase is open; each step has its own file and exists once the phase before it is closed.
class SteppingServer final : public Server {
 public:
  SteppingServer(Attempt attempt, const SeenKeys* seen) : attempt_(std::move(attempt)), seen_(seen) {}

  Phase phase() const override { return phase_; }
  const Terms& terms() const override { return attempt_.terms; }
  bool can_close() const override;

  Status OnAdvert(std::uint32_t member, const Advert& advert) override;
  Status CloseAdverts() override;
  Status OnShares(std::uint32_t member, const SharesMessage& message) override;
  Status OnComplaint(std::uint32_t member, const Complaint& complaint) override;
  Status CloseShares() override;
  Status OnMasked(std::uint32_t member, const MaskedInput& input) override;
  Status CloseInputs() override;
  Status OnAgreed(std::uint32_t member, const AgreementMessage& message) override;
  Status CloseAgreement() override;
  Status OnUnmask(std::uint32_t member, const UnmaskMessage& message) override;
  bool can_unmask() const override { return phase_ == Phase::kUnmasking && answers_->can_unmask(); }
  Result<UnmaskWork> CloseUnmasking(const ParallelFor& lanes) override;

  std::optional<CohortMessage> CohortFor(std::uint32_t member) const override;
  std::optional<DeliveryMessage> DeliveryFor(std::uint32_t member) const override;
  std::optional<SurvivorsMessage> SurvivorsFor(std::uint32_t member) const override;
  std::optional<UnmaskRequest> UnmaskRequestFor(std::uint32_t member) const override;

  std::vector<std::uint32_t> u1() const override;
  std::vector<std::uint32_t> u2() const override;
  std::vector<std::uint32_t> u3() const override;
  std::vector<std::uint32_t> waiting_for() const override;
  const std::vector<Blame>& blames() const override { return evidence_.blames(); }

 private:
  Status CheckReached(Phase first, const char* what) const;
  Status CheckOpen(Phase phase) const;
  Status EndOn(Status status) {
    if (!status.ok()) phase_ = Phase::kFailed;
    return status;
  }
  std::optional<Position> PositionIn(const SiteSet& set, std::uint32_t member) const;
  std::vector<std::uint32_t> WithoutAdvert() const;

  Attempt attempt_;
  const SeenKeys* seen_ = nullptr;
  Phase phase_ = Phase::kAdverts;
  Evidence evidence_;
  Adverts adverts_;
  std::optional<Cohort> cohort_;
  std::optional<Shares> shares_;
  std::optional<Inputs> inputs_;
  std::optional<Agreements> agreements_;
  std::optional<Answers> answers_;
};

// A member's message for a phase that was not reached, or after the end.
Status SteppingServer::CheckReached(Phase first, const char* what) const {
  if (phase_ == Phase::kFailed) return Status(errors::kSecAggMessage, "this attempt is over");
  if (phase_ < first) return Status(errors::kSecAggMessage, std::string(what) + " are not due yet");
  return Status::Ok();
}

Status SteppingServer::CheckOpen(Phase phase) const {
  if (phase_ == phase) return Status::Ok();
  return Status(errors::kSecAggState, "a phase is closed that is not open");
}

bool SteppingServer::can_close() const {
  switch (phase_) {
    case Phase::kAdverts:
      return adverts_.can_close(attempt_);
    case Phase::kShares:
      return shares_->can_close(*cohort_);
    case Phase::kInputs:
      return inputs_->can_close(*cohort_);
    case Phase::kAgreement:
      return agreements_->can_close();
    case Phase::kUnmasking:
      return answers_->can_unmask();
    case Phase::kDone:
    case Phase::kFailed:
      return false;
  }
  return false;
}

Status SteppingServer::OnAdvert(std::uint32_t member, const Advert& advert) {
  CAIRN_RETURN_IF_ERROR(CheckReached(Phase::kAdverts, "adverts"));
  return adverts_.Take(attempt_, member, advert, seen_, phase_ == Phase::kAdverts, evidence_);
}

Status SteppingServer::CloseAdverts() {
  CAIRN_RETURN_IF_ERROR(CheckOpen(Phase::kAdverts));
  Result<Cohort> cohort = adverts_.Close(attempt_);
  CAIRN_RETURN_IF_ERROR(EndOn(cohort.status()));
  cohort_ = std::move(*cohort);
  shares_.emplace(*cohort_);
  phase_ = Phase::kShares;
  return Status::Ok();
}

Status SteppingServer::OnShares(std::uint32_t member, const SharesMessage& message) {
  CAIRN_RETURN_IF_ERROR(CheckReached(Phase::kShares, "shares"));
  return shares_->Take(attempt_, *cohort_, member, message, phase_ == Phase::kShares);
}

Status SteppingServer::CloseShares() {
  CAIRN_RETURN_IF_ERROR(CheckOpen(Phase::kShares));
  CAIRN_RETURN_IF_ERROR(EndOn(shares_->Close(attempt_, *cohort_)));
  inputs_.emplace(*cohort_, shares_->u2());
  phase_ = Phase::kInputs;
  return Status::Ok();
}

Status SteppingServer::OnMasked(std::uint32_t member, const MaskedInput& input) {
  CAIRN_RETURN_IF_ERROR(CheckReached(Phase::kInputs, "masked inputs"));
  return inputs_->Take(attempt_, *cohort_, member, input, phase_ == Phase::kInputs, evidence_);
}

Status SteppingServer::OnComplaint(std::uint32_t member, const Complaint& complaint) {
  CAIRN_RETURN_IF_ERROR(CheckReached(Phase::kInputs, "complaints"));
  std::optional<DeliveryMessage> delivered = DeliveryFor(member);
  const SealedShare* about = nullptr;
  if (delivered) {
    for (const SealedShare& share : delivered->shares) {
      if (share.peer == complaint.accused) about = &share;
    }
  }
  return inputs_->Complain(attempt_, *cohort_, member, complaint, about, phase_ == Phase::kInputs, evidence_);
}

Status SteppingServer::CloseInputs() {
  CAIRN_RETURN_IF_ERROR(CheckOpen(Phase::kInputs));
  CAIRN_RETURN_IF_ERROR(EndOn(inputs_->Close(attempt_, *cohort_)));
  agreements_.emplace(*cohort_, inputs_->u2(), inputs_->u3());
  phase_ = Phase::kAgreement;
  return Status::Ok();
}

Status SteppingServer::OnAgreed(std::uint32_t member, const AgreementMessage& message) {
  CAIRN_RETURN_IF_ERROR(CheckReached(Phase::kAgreement, "agreements"));
  return agreements_->Take(attempt_, *cohort_, member, message);
}

Status SteppingServer::CloseAgreement() {
  CAIRN_RETURN_IF_ERROR(CheckOpen(Phase::kAgreement));
  CAIRN_RETURN_IF_ERROR(EndOn(agreements_->Close(*cohort_)));
  answers_.emplace(*cohort_, inputs_->u2(), inputs_->u3());
  phase_ = Phase::kUnmasking;
  return Status::Ok();
}

Status SteppingServer::OnUnmask(std::uint32_t member, const UnmaskMessage& message) {
  CAIRN_RETURN_IF_ERROR(CheckReached(Phase::kUnmasking, "answers"));
  if (phase_ == Phase::kDone) return Status(errors::kSecAggMessage, "the sum is open already");
  return answers_->Take(attempt_, *cohort_, *shares_, agreements_->askable(), member, message, evidence_);
}

Result<UnmaskWork> SteppingServer::CloseUnmasking(const ParallelFor& lanes) {
  CAIRN_RETURN_IF_ERROR(CheckOpen(Phase::kUnmasking));
  if (!answers_->can_unmask()) {
    return EndOn(Status(errors::kSecAggFloor, std::to_string(answers_->answered().size()) +
                                                  " sites answered, every secret needs shares of " +
                                                  std::to_string(cohort_->threshold())));
  }
  Result<UnmaskWork> work = Reconstruct(attempt_, *cohort_, *answers_, lanes, evidence_);
  CAIRN_RETURN_IF_ERROR(EndOn(work.status()));
  phase_ = Phase::kDone;
  return work;
}

std::optional<Position> SteppingServer::PositionIn(const SiteSet& set, std::uint32_t member) const {
  const std::optional<Position> position = cohort_ ? cohort_->PositionOf(member) : std::nullopt;
  return position && set.Has(*position) ? position : std::nullopt;
}

std::optional<CohortMessage> SteppingServer::CohortFor(std::uint32_t member) const {
  const std::optional<Position> position = cohort_ ? cohort_->PositionOf(member) : std::nullopt;
  if (!position || phase_ == Phase::kFailed) return std::nullopt;
  return cohort_->MessageFor(*position);
}

std::optional<DeliveryMessage> SteppingServer::DeliveryFor(std::uint32_t member) const {
  if (!inputs_ || phase_ == Phase::kFailed) return std::nullopt;
  const std::optional<Position> position = PositionIn(inputs_->u2(), member);
  if (!position) return std::nullopt;
  return shares_->DeliveryFor(*cohort_, *position);
}

std::optional<SurvivorsMessage> SteppingServer::SurvivorsFor(std::uint32_t member) const {
  if (!agreements_ || phase_ == Phase::kFailed || !PositionIn(inputs_->u3(), member)) return std::nullopt;
  return inputs_->message();
}

std::optional<UnmaskRequest> SteppingServer::UnmaskRequestFor(std::uint32_t member) const {
  if (!answers_ || phase_ == Phase::kFailed) return std::nullopt;
  const std::optional<Position> position = PositionIn(inputs_->u3(), member);
  if (!position) return std::nullopt;
  return agreements_->RequestFor(*cohort_, *position);
}

std::vector<std::uint32_t> SteppingServer::u1() const {
  return cohort_ ? cohort_->MembersAt(SiteSet::All(cohort_->size())) : std::vector<std::uint32_t>();
}
std::vector<std::uint32_t> SteppingServer::u2() const {
  return inputs_ ? cohort_->MembersAt(inputs_->u2()) : std::vector<std::uint32_t>();
}
std::vector<std::uint32_t> SteppingServer::u3() const {
  return agreements_ ? cohort_->MembersAt(inputs_->u3()) : std::vector<std::uint32_t>();
}

std::vector<std::uint32_t> SteppingServer::WithoutAdvert() const {
  std::vector<std::uint32_t> result;
  for (std::uint32_t member = 0; member < attempt_.membership->members.size(); ++member) {
    if (attempt_.membership->members[member].active && !adverts_.has(member)) result.push_back(member);
  }
  return result;
}

std::vector<std::uint32_t> SteppingServer::waiting_for() const {
  const auto lacking = [&](SiteSet all, const SiteSet& here) {
    for (const Position position : here.Members()) all.Remove(position);
    return cohort_->MembersAt(all);
  };
  switch (phase_) {
    case Phase::kAdverts:
      return WithoutAdvert();
    case Phase::kShares:
      return lacking(SiteSet::All(cohort_->size()), shares_->arrived());
    case Phase::kInputs:
      return cohort_->MembersAt(inputs_->waiting());
    case Phase::kAgreement:
      return lacking(agreements_->u3(), agreements_->agreed());
    case Phase::kUnmasking:
      return lacking(agreements_->askable(), answers_->answered());
    case Phase::kDone:
    case Phase::kFailed:
      return {};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Begin(Terms terms, const Floors& floors,
                                              std::shared_ptr<const Membership> membership,
                                              std::unique_ptr<Primitives> primitives, const SeenKeys* seen) {
  CAIRN_ASSIGN_OR_RETURN(
      Attempt attempt, Attempt::Open(std::move(terms), floors, std::move(membership), std::move(primitives)));
  return std::unique_ptr<Server>(std::make_unique<SteppingServer>(std::move(attempt), seen));
}

}  // namespace cairn::secagg

// The masking of a round: messages in, phases closed, what each phase tells the sites.
#include <algorithm>

#include "aggregator/engine/round_engine.h"

namespace cairn {

// Whom the present phase still lacks. Once the survivors are named nobody can be dropped.
bool RoundEngine::is_waited_for(const Member& member) const {
  if (member.state != State::kPending) return false;
  if (masked_ == nullptr) return true;
  return phase_ == Phase::kReporting && masked_->is_in(member.client) &&
         !masked_->has_answered(member.client);
}

// Within a phase nobody is waited for again: who has answered or was dropped stays so.
bool RoundEngine::is_anyone_waited_for() {
  while (waited_from_ < members_.size() && !is_waited_for(members_[waited_from_])) ++waited_from_;
  return waited_from_ < members_.size();
}

void RoundEngine::OnMasking(TimePoint now, ClientId client, MaskingToServer message, Actions& out) {
  Member* member = Find(client);
  if (masked_ == nullptr || message.key != config_.key || member == nullptr ||
      member->state == State::kDropped || (phase_ != Phase::kReporting && phase_ != Phase::kUnmasking)) {
    return;
  }
  const bool is_new = !masked_->has_answered(client);
  // A signature that comes after its phase was closed without it: late, not wrong.
  const bool is_late = std::holds_alternative<secagg::AgreementMessage>(message.body) &&
                       masked_->phase() != GroupedMasking::Phase::kAgreement;
  if (is_late) return;
  const Status taken = masked_->Take(client, message.body);
  TellBlames(out);
  if (!taken.ok()) {
    Refuse(*member, taken, "masking.refused", out);
  } else {
    member->last_progress = now;
    const bool is_kept = std::holds_alternative<secagg::Advert>(message.body) ||
                         std::holds_alternative<secagg::SharesMessage>(message.body);
    if (is_kept && is_new)
      out.push_back(Persist{{config_.key.job, MaskingTaken{config_.key, client, std::move(message.body)}}});
    if (std::holds_alternative<secagg::Complaint>(message.body) && member->state == State::kPending)
      Drop(*member);
  }
  AdvanceMasking(now, false, out);
}

// Whether a survivor that could still sign is waited for: only those who signed can be asked for shares.
// Those who have gone are not waited for, until they connect again.
bool RoundEngine::awaits_agreement(TimePoint now) {
  if (masked_->phase() != GroupedMasking::Phase::kAgreement) return false;
  if (config_.stall_timeout > Duration{0} && now - phase_began_ >= config_.stall_timeout) return false;
  const auto is_awaited = [this](const Member& member) {
    return masked_->is_in(member.client) && population_.connected(member.client) &&
           !masked_->has_answered(member.client) && !masked_->has_refused(member.client);
  };
  while (signing_from_ < members_.size() && !is_awaited(members_[signing_from_])) ++signing_from_;
  return signing_from_ < members_.size();
}

// A survivor that has answered for nearly the same sum before: its vector stays in this one, and the others
// may still be enough to open it.
void RoundEngine::TakeRefusal(TimePoint now, const Member& member, const RoundDecline& decline,
                              Actions& out) {
  const bool is_of_sums = ErrorId{decline.reason_id} == errors::kSecAggSums;
  if (!is_of_sums || !masked_->is_in(member.client) || masked_->has_refused(member.client)) return;
  masked_->NoteRefusal(member.client);
  TellDecline(member, decline, out);
  AdvanceMasking(now, false, out);
}

void RoundEngine::TellBlames(Actions& out) {
  for (std::string& words : masked_->TakeBlames()) {
    DomainEvent event{DomainEvent::Level::kWarning,
                      "masking.blame",
                      {{"job", static_cast<std::int64_t>(config_.key.job.value)},
                       {"round", static_cast<std::int64_t>(config_.key.round.value)},
                       {"attempt", static_cast<std::int64_t>(config_.key.attempt)},
                       {"why", std::move(words)}}};
    out.push_back(Emit{std::move(event)});
  }
}

void RoundEngine::TellLostGroups(Actions& out) {
  for (const DiscardedSum& lost : masked_->TakeLostGroups()) LoseGroup(lost, out);
}

void RoundEngine::SendMasking(const Member& member, Actions& out) const {
  if (!population_.connected(member.client)) return;
  for (secagg::ToClient& body : masked_->MessagesFor(member.client)) {
    out.push_back(Send{population_.session(member.client), MaskingToClient{config_.key, std::move(body)}});
  }
}

// Whoever the closed phase left behind is out of the attempt, and everybody whose group is.
void RoundEngine::DropAbsent(Actions* out) {
  for (Member& member : members_) {
    if (member.state == State::kDropped || masked_->is_in(member.client)) continue;
    Drop(member);
    if (out != nullptr && population_.connected(member.client))
      out->push_back(Send{population_.session(member.client), RoundClosed{config_.key, false}});
  }
}

// Closes the present phase where that is due; true when it did and the next one may be due too.
bool RoundEngine::CloseMaskingPhase(TimePoint now, Actions& out) {
  const GroupedMasking::Phase closing = masked_->phase();
  if (closing == GroupedMasking::Phase::kUnmasking) {
    auto sums = masked_->CloseUnmasking();
    TellBlames(out);
    TellLostGroups(out);
    if (!sums.ok()) return Abandon(sums.status().what(), out), false;
    phase_ = Phase::kFinishing;
    out.push_back(CancelTimer{deadline_timer_});
    out.push_back(CancelTimer{stall_timer_});
    out.push_back(Finish{config_.key, std::move(*sums), CentralEvent()});
    return false;
  }
  const Status closed = masked_->Close();
  TellLostGroups(out);
  if (!closed.ok()) return Abandon(closed.what(), out), false;
  phase_began_ = now;
  waited_from_ = signing_from_ = 0;
  if (closing == GroupedMasking::Phase::kInputs) {
    phase_ = Phase::kUnmasking;
    return true;
  }
  if (closing != GroupedMasking::Phase::kAgreement)
    out.push_back(Persist{{config_.key.job, MaskingClosed{config_.key, closing, {}, {}}}});
  BeginMaskingPhase(now, out);
  return true;
}

void RoundEngine::BeginMaskingPhase(TimePoint now, Actions& out) {
  DropAbsent(&out);
  for (Member& member : members_) {
    if (!masked_->is_in(member.client)) continue;
    member.last_progress = now;
    SendMasking(member, out);
  }
}

void RoundEngine::AdvanceMasking(TimePoint now, bool deadline_passed, Actions& out) {
  while (!over() && phase_ != Phase::kFinishing && !is_storing_sum_) {
    const GroupedMasking::Phase present = masked_->phase();
    const bool is_last =
        present == GroupedMasking::Phase::kAgreement || present == GroupedMasking::Phase::kUnmasking;
    const bool goal_met = present == GroupedMasking::Phase::kInputs && reported_ >= config_.cohort.goal;
    const bool is_due = is_last || goal_met || !is_anyone_waited_for() || deadline_passed;
    if (!is_due || awaits_agreement(now)) return;
    // The survivors of every group are waited for, until time is up. Counts over all sites: only once it
    // matters.
    const bool can_close =
        masked_->enough_can_close() && (!is_last || deadline_passed || masked_->all_can_close());
    const bool enough =
        can_close && (present != GroupedMasking::Phase::kInputs || reported_ >= config_.cohort.min_reports);
    if (!enough) {
      // The survivors may still come back; of the earlier phases nobody is left to wait for.
      if (is_last && !deadline_passed && !masked_->is_hopeless()) return;
      return Abandon(
          "too few sites are left for a masked sum: " + std::to_string(members_.size() - dropped_) + " of " +
              std::to_string(members_.size()),
          out);
    }
    if (present == GroupedMasking::Phase::kInputs) {  // on disk before anybody hears who survived
      is_storing_sum_ = true;
      out.push_back(StoreSum{config_.key});
      return;
    }
    if (!CloseMaskingPhase(now, out)) return;
    deadline_passed = false;
  }
}

void RoundEngine::OnSumStored(TimePoint now, const SumStored& stored, Actions& out) {
  if (!is_storing_sum_ || stored.key != config_.key || phase_ != Phase::kReporting) return;
  is_storing_sum_ = false;
  std::vector<std::pair<ClientId, secagg::MaskedInput>> inputs = masked_->inputs();
  if (!CloseMaskingPhase(now, out)) return;
  // Nobody is told who survived before that is durable, and with it the sum.
  out.push_back(Persist{{config_.key.job, MaskingClosed{config_.key, GroupedMasking::Phase::kInputs,
                                                        std::move(inputs), stored.sum}}});
  BeginMaskingPhase(now, out);
  AdvanceMasking(now, false, out);
}

// A restarted aggregator does again what it recorded; a deterministic server is then where it was.
Status RoundEngine::Replay(const MaskingRecords& records, BlobRef& kept_sum) {
  for (const auto& record : records) {
    if (const auto* taken = std::get_if<MaskingTaken>(&record)) {
      CAIRN_RETURN_IF_ERROR(masked_->Take(taken->client, taken->message));
      continue;
    }
    const auto& closed = std::get<MaskingClosed>(record);
    for (const auto& [client, input] : closed.inputs) {
      CAIRN_RETURN_IF_ERROR(masked_->TakeInput(client, input));
      Member* member = Find(client);
      if (member == nullptr)
        return Status(errors::kStorageCorrupt, "a kept masked input is of nobody invited");
      member->state = State::kReported;
      --pending_;
      ++reported_;
    }
    CAIRN_RETURN_IF_ERROR(masked_->Close());
    masked_->TakeLostGroups();  // was said when it happened
    DropAbsent(nullptr);
    if (closed.phase != GroupedMasking::Phase::kInputs) continue;
    kept_sum = closed.sum;
    phase_ = Phase::kUnmasking;
  }
  return {};
}

}  // namespace cairn

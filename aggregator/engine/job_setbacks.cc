// What a job does when an attempt comes to nothing or a record does not last: try again, pause, or end.
#include <utility>

#include "aggregator/engine/job_engine.h"

namespace cairn {
namespace {

// One may be an accident; nobody can be blamed for the second either, but it costs sites their work.
constexpr std::uint32_t kMostFailedSums = 2;

}  // namespace

// An attempt that cannot even be opened: said, and tried again later.
void JobEngine::GiveUpAttempt(TimePoint now, const Status& why, Actions& out) {
  out.push_back(Emit{{DomainEvent::Level::kError,
                      "round.not_opened",
                      {{"job", static_cast<std::int64_t>(manifest_->id.value)},
                       {"id", ToString(why.id())},
                       {"why", why.what()}}}});
  if (is_last_attempt()) return End(JobOutcome::kFailed, why, out);
  ++attempt_;
  phase_ = Phase::kWaiting;
  out.push_back(SetTimer{kRetryTimer, now + parts_.storage_retry});
}

// Whether the job ends, or stands still, with this abandoned attempt.
bool JobEngine::EndsWith(const RoundEngine& round, Actions& out) {
  const std::string number = std::to_string(round.key().round.value);
  if (round.is_refused() && parts_.can_pause && !stopping_) {
    Pause(Status(errors::kSecAggSums, "round " + number +
                                          " cannot be opened: sites have helped to open a sum over nearly "
                                          "the same sites"),
          out);
    return true;
  }
  if (!is_last_attempt()) return false;
  End(JobOutcome::kFailed,
      Status(errors::kRoundAbandoned,
             "round " + number + " was abandoned " + std::to_string(attempt_ - attempts_before_) + " times"),
      out);
  return true;
}

// A record did not become durable: what it recorded did not happen. Back to before it, later again.
void JobEngine::On(TimePoint now, ActionFailed event, Actions& out) {
  if (undo_.has_value() && std::holds_alternative<RoundCommitted>(event.record.body)) {
    model_ = undo_->model;
    rounds_done_ = undo_->rounds_done;
    evaluated_ = undo_->evaluated;
    clip_ = undo_->clip;
  }
  undo_.reset();
  if (std::holds_alternative<ParticipantFixed>(event.record.body) && rounds_done_ == 0) {
    population_ = Population{};
    phase_ = Phase::kRecruiting;
  }
  if (round_ != nullptr) round_->Abandon(event.status.what(), out);
  KeepSeenKeys();
  round_.reset();
  if (phase_ == Phase::kRound || phase_ == Phase::kPaused) phase_ = Phase::kWaiting;
  const bool is_failed_sum = event.status.id() == errors::kSecAggUnmasked;
  if (is_failed_sum && ++failed_sums_ >= kMostFailedSums && parts_.can_pause && !stopping_)
    return Pause(event.status, out);
  // A full disk is waited for; anything else that happens again and again ends the job.
  const bool patient = event.status.id() == errors::kStorageFull;
  // Of the aggregator's own budget, which the next attempt would not find fuller; where only this attempt was
  // used up, by a process that died before it could record the round, a new one is charged anew.
  const ErrorId id = event.status.id();
  const bool is_spent = id.value / 100 == 62 && id != errors::kPrivacyRevealed;
  if (is_spent || (!patient && is_last_attempt())) {
    End(JobOutcome::kFailed, event.status, out);
    return;
  }
  if (phase_ == Phase::kWaiting) ++attempt_;
  out.push_back(SetTimer{kRetryTimer, now + parts_.storage_retry});
  out.push_back(Emit{{DomainEvent::Level::kError,
                      "job.storage_failed",
                      {{"job", static_cast<std::int64_t>(manifest_->id.value)},
                       {"id", ToString(event.status.id())},
                       {"why", event.status.what()}}}});
}

void JobEngine::On(TimePoint, StopRequested event, Actions& out) {
  stopping_ = true;
  stop_reason_ = event.reason;
  if (round_ != nullptr && !event.now) return;
  if (round_ != nullptr) round_->Abandon(event.reason, out);
  round_.reset();
  End(JobOutcome::kStopped, Status(errors::kJobStopped, event.reason), out);
}

// When the record fails the job goes on as it did, and comes here again.
void JobEngine::Pause(const Status& why, Actions& out) {
  phase_ = Phase::kPaused;
  const RoundKey key{manifest_->id, RoundId{rounds_done_ + 1}, attempt_};
  out.push_back(Persist{{manifest_->id, JobPaused{key, why.id().value, why.what()}}});
  out.push_back(Emit{{DomainEvent::Level::kWarning,
                      "job.paused",
                      {{"job", static_cast<std::int64_t>(manifest_->id.value)},
                       {"round", static_cast<std::int64_t>(key.round.value)},
                       {"id", ToString(why.id())},
                       {"why", why.what()}}}});
  out.push_back(PauseJob{});
}

void JobEngine::End(JobOutcome outcome, const Status& why, Actions& out) {
  end_ = JobClosed{outcome, why.id().value, why.what()};
  phase_ = Phase::kEnded;
  out.push_back(Persist{{manifest_->id, *end_}});
  out.push_back(EndJob{*end_});
  for (const auto& [session, site] : sessions_) {
    out.push_back(Send{session, JobEnded{manifest_->id, outcome, why.what()}});
  }
}

}  // namespace cairn

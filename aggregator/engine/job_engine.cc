#include "aggregator/engine/job_engine.h"

#include <utility>

#include "aggregator/engine/job_checks.h"

namespace cairn {

JobEngine::JobEngine(std::shared_ptr<const JobManifest> manifest, ModelHandle model, JobParts parts)
    : manifest_(std::move(manifest)), model_(std::move(model)), parts_(std::move(parts)) {
  layout_ = LayoutOf(model_->values.spec());
  if (ProtectsClients(manifest_->spec)) clip_ = manifest_->spec.privacy->clip;
}

Result<std::unique_ptr<JobEngine>> JobEngine::Create(std::shared_ptr<const JobManifest> manifest,
                                                     ModelHandle initial, JobParts parts) {
  CAIRN_RETURN_IF_ERROR(CheckJobTerms(manifest->spec));
  CAIRN_ASSIGN_OR_RETURN(const ParameterSpec declared, ParameterSpec::Create(manifest->tensors));
  if (declared.layout_hash() != initial->values.spec().layout_hash()) {
    return Status(errors::kJobRefused, "the initial model has another layout than the manifest's tensors");
  }
  CAIRN_RETURN_IF_ERROR(CheckJobRing(*manifest, LayoutOf(declared)));
  std::unique_ptr<JobEngine> engine(new JobEngine(std::move(manifest), std::move(initial), std::move(parts)));
  if (engine->manifest_->spec.secagg.is_grouped()) {
    CAIRN_ASSIGN_OR_RETURN(engine->groups_, SiteGroups::Of(*engine->manifest_));
  }
  return engine;
}

Result<std::unique_ptr<JobEngine>> JobEngine::Restore(const JobSnapshot& snapshot, ModelHandle model,
                                                      JobParts parts) {
  CAIRN_ASSIGN_OR_RETURN(auto engine, Create(snapshot.manifest, std::move(model), std::move(parts)));
  for (const std::string& site : snapshot.participants) engine->population_.Add(site);
  for (const RoundSummary& summary : snapshot.committed) {
    if (summary.kind == RoundKind::kTrain) {
      ++engine->rounds_done_;
      engine->clip_ = summary.next_clip;
    }
    if (summary.kind == RoundKind::kEvaluate) engine->evaluated_ = true;
  }
  if (!snapshot.participants.empty()) engine->phase_ = Phase::kWaiting;
  if (snapshot.resumed.has_value() && snapshot.resumed->round.value == engine->rounds_done_ + 1) {
    engine->attempts_before_ = snapshot.resumed->attempt;
    engine->attempt_ = snapshot.resumed->attempt + 1;
  }
  if (snapshot.open != nullptr) {
    engine->resume_ = snapshot.open;
    engine->resume_masking_ = snapshot.masking;
    engine->attempt_ = snapshot.open->key.attempt;
  }
  if (snapshot.paused != nullptr) engine->phase_ = Phase::kPaused;
  if (snapshot.closed != nullptr) {
    engine->end_ = *snapshot.closed;
    engine->phase_ = Phase::kEnded;
  }
  return engine;
}

void JobEngine::Start(TimePoint, Actions& out) {
  out.push_back(Persist{{manifest_->id, JobAccepted{manifest_}}});
}

void JobEngine::Step(TimePoint now, Event event, Actions& out) {
  if (phase_ == Phase::kEnded) return;
  if (!std::holds_alternative<ActionFailed>(event)) undo_.reset();
  std::visit([&](auto& e) { On(now, std::move(e), out); }, event);
}

void JobEngine::On(TimePoint, Joined event, Actions& out) {
  sessions_[event.session] = {event.site, {}};
  out.push_back(Send{event.session, JobOffer{manifest_}});
}

void JobEngine::On(TimePoint now, Left event, Actions& out) {
  const auto it = sessions_.find(event.session);
  if (it == sessions_.end()) return;
  // A newer session of the same site may already have taken its place.
  const auto& [site, client] = it->second;
  if (const auto accepted = accepted_.find(site);
      accepted != accepted_.end() && accepted->second == event.session) {
    accepted_.erase(accepted);
  }
  const std::optional<ClientId> gone = client;
  const bool was_live = gone.has_value() && population_.session(*gone) == event.session;
  if (was_live) population_.Disconnect(*gone);
  sessions_.erase(it);
  if (!was_live || round_ == nullptr) return;
  round_->OnDisconnected(now, *gone, event.for_good, out);
  AfterRound(now, out);
}

void JobEngine::Connect(ClientId client, SessionId session) {
  population_.Connect(client, session);
  sessions_.at(session).client = client;
}

void JobEngine::On(TimePoint now, Received event, Actions& out) {
  const auto session = sessions_.find(event.session);
  if (session == sessions_.end()) return;
  if (const auto* reply = std::get_if<JobReply>(&event.message)) {
    if (reply->job == manifest_->id) OnReply(now, event.session, *reply, out);
    return;
  }
  if (!session->second.client.has_value() || round_ == nullptr) {
    // A report nobody waits for still deserves an answer, or its sender would keep it.
    if (const auto* report = std::get_if<Report>(&event.message)) {
      out.push_back(Send{event.session, ReportReceipt{report->key, ReportOutcome::kLate, 0, ""}});
    }
    return;
  }
  const ClientId client = *session->second.client;
  if (auto* report = std::get_if<Report>(&event.message))
    round_->OnReport(now, client, std::move(*report), out);
  if (auto* masking = std::get_if<MaskingToServer>(&event.message))
    round_->OnMasking(now, client, std::move(*masking), out);
  if (const auto* beat = std::get_if<Heartbeat>(&event.message)) round_->OnHeartbeat(now, client, *beat);
  if (const auto* decline = std::get_if<RoundDecline>(&event.message))
    round_->OnDecline(now, client, *decline, out);
  AfterRound(now, out);
}

void JobEngine::OnReply(TimePoint now, SessionId session, const JobReply& reply, Actions& out) {
  const std::string site = sessions_.at(session).site;
  if (reply.answer != JobAnswer::kAccept) {
    accepted_.erase(site);
    DomainEvent event{DomainEvent::Level::kWarning,
                      reply.answer == JobAnswer::kPending ? "job.pending" : "job.declined",
                      {{"job", static_cast<std::int64_t>(manifest_->id.value)},
                       {"site", site},
                       {"id", ToString(ErrorId{reply.reason_id})},
                       {"why", reply.reason}}};
    out.push_back(Emit{std::move(event)});
    return TakeOut(now, session, out);
  }
  if (groups_.has_value() && !groups_->IndexOf(site).has_value()) {
    out.push_back(Emit{{DomainEvent::Level::kWarning,
                        "job.declined",
                        {{"job", static_cast<std::int64_t>(manifest_->id.value)},
                         {"site", site},
                         {"id", ToString(errors::kPolicyNotListed)},
                         {"why", "the job's groups were made without this site"}}}});
    return;
  }
  accepted_[site] = session;
  if (phase_ == Phase::kRecruiting) {
    if (accepted_.size() < manifest_->spec.cohort.min_clients) return;
    FixParticipants(out);
    phase_ = Phase::kWaiting;
  } else {
    ClientId client;
    if (!population_.Find(site, &client)) AddParticipant(site, out);
    if (!population_.Find(site, &client)) return;
    Connect(client, session);
    if (round_ != nullptr) round_->OnConnected(now, client, out);
  }
  MaybeOpenRound(now, out);
}

// A participant that takes no further part, as one whose privacy budget is spent: not waited for, and invited
// to no other round until it says yes again.
void JobEngine::TakeOut(TimePoint now, SessionId session, Actions& out) {
  const std::optional<ClientId> client = sessions_.at(session).client;
  if (!client.has_value() || population_.session(*client) != session) return;
  population_.Disconnect(*client);
  if (round_ == nullptr) return;
  round_->OnDisconnected(now, *client, true, out);
  AfterRound(now, out);
}

void JobEngine::FixParticipants(Actions& out) {
  for (const auto& [site, session] : accepted_) AddParticipant(site, out);  // std::map: by name
}

void JobEngine::AddParticipant(const std::string& site, Actions& out) {
  const ClientId client = population_.Add(site);
  Connect(client, accepted_.at(site));
  out.push_back(Persist{{manifest_->id, ParticipantFixed{client, site}}});
}

// A key that comes again in a later attempt is refused there.
void JobEngine::KeepSeenKeys() {
  if (round_ == nullptr || round_->masked() == nullptr) return;
  for (const secagg::Advert& advert : round_->masked()->adverts()) seen_keys_.Add(advert);
}

bool JobEngine::takes_masked(std::uint64_t bytes) const {
  if (!manifest_->spec.secagg.is_masked()) return false;
  return bytes == MaskedLayoutOf(*manifest_, layout_, RoundKind::kTrain).byte_size() ||
         bytes == MaskedLayoutOf(*manifest_, layout_, RoundKind::kEvaluate).byte_size();
}

void JobEngine::On(TimePoint now, SumStored event, Actions& out) {
  if (round_ == nullptr) return;
  round_->OnSumStored(now, event, out);
  AfterRound(now, out);
}

void JobEngine::On(TimePoint now, Finished event, Actions& out) {
  if (round_ == nullptr) return;
  round_->OnFinished(event, out);
  AfterRound(now, out);
}

void JobEngine::On(TimePoint now, TimerFired event, Actions& out) {
  if (event.timer == kRetryTimer) {
    if (phase_ == Phase::kRecruiting && accepted_.size() >= manifest_->spec.cohort.min_clients) {
      FixParticipants(out);
      phase_ = Phase::kWaiting;
    }
    MaybeOpenRound(now, out);
    return;
  }
  if (round_ == nullptr) return;
  round_->OnTimer(now, event.timer, out);
  AfterRound(now, out);
}

// Moves on once the open round is over: next round, next attempt, evaluation, or the end.
void JobEngine::AfterRound(TimePoint now, Actions& out) {
  if (round_ == nullptr || !round_->over()) return;
  KeepSeenKeys();
  const auto round = std::exchange(round_, nullptr);
  phase_ = Phase::kWaiting;
  if (round->phase() == RoundEngine::Phase::kAbandoned && round->kind() == RoundKind::kEvaluate) {
    evaluated_ = true;  // the model is there; that nobody would measure it is no reason to fail the job
  } else if (round->phase() == RoundEngine::Phase::kAbandoned) {
    if (EndsWith(*round, out)) return;
    ++attempt_;
  } else {
    pace_.Add(round->slowest());
    undo_ = Undo{model_, rounds_done_, evaluated_, clip_};
    if (round->kind() == RoundKind::kTrain) clip_ = round->next_clip();
    model_ = round->model();
    attempt_ = 1;
    attempts_before_ = failed_sums_ = 0;
    if (round->kind() == RoundKind::kTrain) ++rounds_done_;
    if (round->kind() == RoundKind::kEvaluate) evaluated_ = true;
  }
  if (stopping_) {
    End(JobOutcome::kStopped, Status(errors::kJobStopped, stop_reason_), out);
  } else if (rounds_complete() && !evaluation_due()) {
    End(JobOutcome::kFinished, {}, out);
  } else {
    MaybeOpenRound(now, out);
  }
}

}  // namespace cairn

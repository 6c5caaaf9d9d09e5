#include "aggregator/engine/job_engine.h"

#include <algorithm>

#include "core/base/check.h"
#include "protocol/messages/masking_terms.h"

namespace cairn {
namespace {

// A round uses two timers of its own; a third wakes the job after a storage failure.
constexpr TimerId kRoundTimers{1};
constexpr TimerId kRetryTimer{3};

Status CheckSpec(const JobSpec& spec) {
  const auto refused = [](std::string what) { return Status(errors::kJobRefused, std::move(what)); };
  if (spec.strategy.rounds == 0) return refused("strategy.rounds is 0");
  if (spec.strategy.weight_cap == 0) return refused("strategy.weight_cap is 0");
  const CohortConfig& cohort = spec.cohort;
  if (cohort.min_clients == 0) return refused("cohort.min_clients is 0");
  if (cohort.target != 0 && cohort.min_reports > cohort.target) {
    return refused("cohort.min_reports " + std::to_string(cohort.min_reports) + " is over cohort.target " +
                   std::to_string(cohort.target));
  }
  if (cohort.max_attempts == 0) return refused("cohort.max_attempts is 0");
  if (!spec.secagg.is_masked()) return {};
  const auto needs_three = [&](std::uint32_t sites) { return sites == 0 || sites >= 3; };
  if (!needs_three(cohort.min_clients) || !needs_three(cohort.target) || !needs_three(cohort.min_reports)) {
    return refused("a masked round needs at least 3 sites, the cohort allows fewer")
        .Why("of two sites each knows the other's part of their sum")
        .Mend(
            "raise strategy.cohort, or write secagg = { mode = \"off\" } in the job: the aggregator then "
            "reads "
            "every update, and each site's policy must allow it");
  }
  return {};
}

// Both kinds of rounds: no section may wrap however many sites there are.
Status CheckRing(const JobManifest& manifest, const UpdateLayout& layout) {
  if (!manifest.spec.secagg.is_masked()) return {};
  for (const RoundKind kind : {RoundKind::kTrain, RoundKind::kEvaluate}) {
    const MaskedLayout masked = MaskedLayoutOf(manifest, layout, kind);
    CAIRN_RETURN_IF_ERROR(secagg::CheckNoWrap(masked.sections, masked.ring, LargestCohort(manifest.spec)));
  }
  return {};
}

}  // namespace

JobEngine::JobEngine(std::shared_ptr<const JobManifest> manifest, ModelHandle model, JobParts parts)
    : manifest_(std::move(manifest)), model_(std::move(model)), parts_(std::move(parts)) {
  layout_ = LayoutOf(model_->values.spec());
}

Result<std::unique_ptr<JobEngine>> JobEngine::Create(std::shared_ptr<const JobManifest> manifest,
                                                     ModelHandle initial, JobParts parts) {
  CAIRN_RETURN_IF_ERROR(CheckSpec(manifest->spec));
  CAIRN_ASSIGN_OR_RETURN(const ParameterSpec declared, ParameterSpec::Create(manifest->tensors));
  if (declared.layout_hash() != initial->values.spec().layout_hash()) {
    return Status(errors::kJobRefused, "the initial model has another layout than the manifest's tensors");
  }
  CAIRN_RETURN_IF_ERROR(CheckRing(*manifest, LayoutOf(declared)));
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
    if (summary.kind == RoundKind::kTrain) ++engine->rounds_done_;
    if (summary.kind == RoundKind::kEvaluate) engine->evaluated_ = true;
  }
  if (!snapshot.participants.empty()) engine->phase_ = Phase::kWaiting;
  if (snapshot.open != nullptr) {
    engine->resume_ = snapshot.open;
    engine->resume_masking_ = snapshot.masking;
    engine->attempt_ = snapshot.open->key.attempt;
  }
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

void JobEngine::MaybeOpenRound(TimePoint now, Actions& out) {
  if (phase_ != Phase::kWaiting) return;
  if (resume_ != nullptr) {
    const auto resumed = std::exchange(resume_, nullptr);
    OpenRound(now, {resumed->invited, resumed->goal, resumed->min_reports}, resumed.get(), out);
    return;
  }
  const std::vector<ClientId> available = population_.ConnectedClients();
  CohortConfig terms = manifest_->spec.cohort;
  if (available.size() < terms.min_clients) return;
  if (groups_.has_value()) {
    const CohortPlan plan = SelectGroups(available);
    if (!plan.invited.empty()) OpenRound(now, plan, nullptr, out);
    return;
  }
  const bool is_masked = manifest_->spec.secagg.is_masked();
  if (is_masked && terms.target == 0 && available.size() > LargestCohort(manifest_->spec))
    terms.target = LargestCohort(manifest_->spec);  // as many as the ring and the graph were made for
  const StreamLabel label{Purpose::kSelect, rounds_done_ + 1, 0, attempt_};
  OpenRound(now, SelectCohort(terms, available, parts_.random->Open(label)), nullptr, out);
}

std::vector<std::vector<ClientId>> JobEngine::ByGroup(const std::vector<ClientId>& clients) const {
  std::vector<std::vector<ClientId>> groups(groups_->count());
  for (const ClientId client : clients)
    groups[*groups_->IndexOf(population_.site(client)) - 1].push_back(client);
  return groups;
}

// Everybody in a group that is large enough, for the aggregator and for its sites; nobody as long as there
// are too few such groups.
CohortPlan JobEngine::SelectGroups(const std::vector<ClientId>& available) const {
  const JobSpec& spec = manifest_->spec;
  CohortPlan plan;
  std::uint32_t large = 0;
  const auto groups = ByGroup(available);
  for (std::uint32_t group = 0; group < groups.size(); ++group) {
    const std::size_t here = groups[group].size(), all = groups_->Sites(group + 1).size();
    if (here < SmallestGroupSum(spec.secagg) || 2 * here <= all) continue;
    ++large;
    plan.invited.insert(plan.invited.end(), groups[group].begin(), groups[group].end());
  }
  if (large < LeastGroups(spec.secagg)) return {};
  std::ranges::sort(plan.invited);
  plan.goal = plan.invited.size();
  plan.min_reports = spec.cohort.min_reports > 0 ? spec.cohort.min_reports
                                                 : LeastGroups(spec.secagg) * SmallestGroupSum(spec.secagg);
  return plan;
}

void JobEngine::SetGrouping(RoundConfig& config) const {
  const SecAggConfig& secagg = manifest_->spec.secagg;
  config.grouping = {groups_->count(), LeastGroups(secagg), secagg.rule, secagg.trim};
  for (const ClientId client : config.cohort.invited)
    config.group_of.push_back(*groups_->IndexOf(population_.site(client)) - 1);
  if (parts_.masking != nullptr) return;
  for (const std::vector<ClientId>& invited : ByGroup(config.cohort.invited)) {
    std::size_t least = SmallestGroupSum(secagg);
    if (parts_.least_reports && !invited.empty())
      least = std::max(least, parts_.least_reports(config.key, invited));
    config.least_of_group.push_back(least);
  }
}

void JobEngine::OpenRound(TimePoint now, const CohortPlan& cohort, const RoundOpened* resumed, Actions& out) {
  RoundConfig config;
  config.key = {manifest_->id, RoundId{rounds_done_ + 1}, attempt_};
  config.kind = rounds_complete() ? RoundKind::kEvaluate : RoundKind::kTrain;
  config.cohort = cohort;
  config.manifest = manifest_;
  config.train = parts_.configure ? parts_.configure(config.key.round) : manifest_->spec.train;
  config.evaluate = manifest_->spec.evaluate.federated;
  config.layout_hash = layout_.hash;
  const Duration deadline = manifest_->spec.round.deadline;
  config.deadline = deadline > Duration{0} ? deadline : pace_.Deadline(parts_.stall_timeout);
  config.stall_timeout = parts_.stall_timeout;
  if (groups_.has_value()) {
    SetGrouping(config);
  } else if (parts_.least_reports) {
    config.cohort.min_reports =
        std::max(config.cohort.min_reports, parts_.least_reports(config.key, cohort.invited));
  }
  auto masking = NewMasking(config, resumed);
  if (!masking.ok()) return GiveUpAttempt(now, masking.status(), out);
  round_ = std::make_unique<RoundEngine>(std::move(config), model_, population_, kRoundTimers,
                                         std::move(*masking));
  phase_ = Phase::kRound;
  if (resumed == nullptr) return round_->Open(now, out);
  const Status status = round_->Resume(now, std::exchange(resume_masking_, {}), out);
  if (!status.ok()) round_->Abandon(status.what(), out);
  AfterRound(now, out);
}

// Null where the round is not masked. Decides whom the roster of this attempt names.
Result<std::unique_ptr<GroupedMasking>> JobEngine::NewMasking(RoundConfig& config,
                                                              const RoundOpened* resumed) const {
  using Masking = std::unique_ptr<GroupedMasking>;
  const SecAggConfig& secagg = manifest_->spec.secagg;
  if (!secagg.is_masked()) return Masking();
  // On the exact grid masked and plain sums are the same bytes: where masks are left out no ring is needed,
  // but to keep groups apart.
  if (parts_.masking == nullptr && secagg.bits == 64 && !secagg.is_grouped()) return Masking();
  config.ring = std::make_shared<const MaskedLayout>(MaskedLayoutOf(*manifest_, layout_, config.kind));
  if (parts_.masking == nullptr) return Masking();
  CAIRN_ASSIGN_OR_RETURN(const MaskingParts parts, resumed == nullptr
                                                       ? parts_.masking->Current()
                                                       : parts_.masking->From(resumed->roster));
  config.roster = parts.roster;
  std::vector<GroupedMasking::Group> groups;
  const auto add = [&](std::uint32_t place, std::uint32_t index,
                       const std::vector<ClientId>& invited) -> Status {
    CAIRN_ASSIGN_OR_RETURN(auto round, NewGroup(config, parts, index, invited));
    groups.push_back({place, invited, std::move(round)});
    return {};
  };
  if (!groups_.has_value()) {
    CAIRN_RETURN_IF_ERROR(add(0, 0, config.cohort.invited));
  } else {
    const auto by_group = ByGroup(config.cohort.invited);
    for (std::uint32_t place = 0; place < by_group.size(); ++place) {
      if (!by_group[place].empty()) CAIRN_RETURN_IF_ERROR(add(place, place + 1, by_group[place]));
    }
  }
  if (groups.size() < config.grouping.least)
    return Status(errors::kStorageCorrupt, "the recorded attempt has fewer groups than its job needs");
  return std::make_unique<GroupedMasking>(std::move(groups), config.grouping.least);
}

// `index` as in the terms: 0 for all sites in one.
Result<std::unique_ptr<MaskedRound>> JobEngine::NewGroup(const RoundConfig& config, const MaskingParts& parts,
                                                         std::uint32_t index,
                                                         const std::vector<ClientId>& invited) const {
  CAIRN_ASSIGN_OR_RETURN(secagg::Terms terms,
                         MaskingTermsOf({*manifest_, layout_, *parts.membership, parts.aggregator, index},
                                        config.key, config.kind, model_->ref));
  std::shared_ptr<const secagg::Membership> members = parts.membership;
  if (index > 0) members = std::make_shared<const secagg::Membership>(groups_->Restrict(*members, index));
  return MaskedRound::Create(
      {std::move(terms), std::move(members), parts_.masking->NewPrimitives(config.key), &seen_keys_}, invited,
      population_);
}

// A key that comes again in a later attempt is refused there.
void JobEngine::KeepSeenKeys() {
  if (round_ == nullptr || round_->masked() == nullptr) return;
  for (const secagg::Advert& advert : round_->masked()->adverts()) seen_keys_.Add(advert);
}

// An attempt that cannot even be opened: said, and tried again later.
void JobEngine::GiveUpAttempt(TimePoint now, const Status& why, Actions& out) {
  out.push_back(Emit{{DomainEvent::Level::kError,
                      "round.not_opened",
                      {{"job", static_cast<std::int64_t>(manifest_->id.value)},
                       {"id", ToString(why.id())},
                       {"why", why.what()}}}});
  if (attempt_ >= manifest_->spec.cohort.max_attempts) return End(JobOutcome::kFailed, why, out);
  ++attempt_;
  phase_ = Phase::kWaiting;
  out.push_back(SetTimer{kRetryTimer, now + parts_.storage_retry});
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
    if (attempt_ >= manifest_->spec.cohort.max_attempts) {
      End(JobOutcome::kFailed,
          Status(errors::kRoundAbandoned, "round " + std::to_string(round->key().round.value) +
                                              " was abandoned " + std::to_string(attempt_) + " times"),
          out);
      return;
    }
    ++attempt_;
  } else {
    pace_.Add(round->slowest());
    undo_ = Undo{model_, rounds_done_, evaluated_};
    model_ = round->model();
    attempt_ = 1;
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

// A record did not become durable: what it recorded did not happen. Back to before it, later again.
void JobEngine::On(TimePoint now, ActionFailed event, Actions& out) {
  if (undo_.has_value() && std::holds_alternative<RoundCommitted>(event.record.body)) {
    model_ = undo_->model;
    rounds_done_ = undo_->rounds_done;
    evaluated_ = undo_->evaluated;
  }
  undo_.reset();
  if (std::holds_alternative<ParticipantFixed>(event.record.body) && rounds_done_ == 0) {
    population_ = Population{};
    phase_ = Phase::kRecruiting;
  }
  if (round_ != nullptr) round_->Abandon(event.status.what(), out);
  KeepSeenKeys();
  round_.reset();
  if (phase_ == Phase::kRound) phase_ = Phase::kWaiting;
  // A full disk is waited for; anything else that happens again and again ends the job.
  const bool patient = event.status.id() == errors::kStorageFull;
  if (!patient && attempt_ >= manifest_->spec.cohort.max_attempts) {
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

#include "aggregator/server/aggregator_driver.h"

#include <algorithm>

#include "core/base/check.h"
#include "protocol/messages/blob_ref.h"
#include "protocol/messages/manifest.h"
#include "protocol/messages/private_round.h"

namespace cairn {

AggregatorDriver::AggregatorDriver(AggregatorConfig config, EventLoop& loop, ServerTransport& transport,
                                   EventSink& events, JobObserver& observer, MaskingAuthority* masking)
    : config_(std::move(config)),
      loop_(loop),
      transport_(transport),
      events_(events),
      observer_(observer),
      masking_(masking),
      admission_({config_.software, config_.heartbeat}),
      lane_(std::make_unique<LanePool>(1)) {}

AggregatorDriver::~AggregatorDriver() { lane_->Stop(); }

Result<std::unique_ptr<AggregatorDriver>> AggregatorDriver::Create(AggregatorConfig config, EventLoop& loop,
                                                                   ServerTransport& transport,
                                                                   EventSink& events, JobObserver& observer,
                                                                   MaskingAuthority* masking) {
  std::unique_ptr<AggregatorDriver> driver(
      new AggregatorDriver(std::move(config), loop, transport, events, observer, masking));
  CAIRN_RETURN_IF_ERROR(driver->Restore());
  loop.OnTimer([raw = driver.get()](TimerId timer) { raw->Step(TimerFired{timer}); });
  return driver;
}

Status AggregatorDriver::Restore() {
  CAIRN_ASSIGN_OR_RETURN(store_, JobStore::Open(config_.state_dir));
  CAIRN_ASSIGN_OR_RETURN(auto models, ModelStore::Open(config_.state_dir / "models"));
  models_.emplace(std::move(models));
  if (config_.privacy.has_value()) {
    budget_ = CentralBudget(*config_.privacy,
                            PrivacyLedger::Open(config_.state_dir / "privacy.ledger",
                                                {{CentralBudget::kDomain, config_.privacy->domain}}));
  }
  CAIRN_ASSIGN_OR_RETURN(std::vector<JobSnapshot> snapshots, store_->Load());
  for (JobSnapshot& snapshot : snapshots) {
    jobs_.push_back(std::make_unique<Job>());
    jobs_.back()->snapshot = std::move(snapshot);
  }
  return {};
}

void AggregatorDriver::Start() { ActivateNext(); }

// ---- jobs, one after another

void AggregatorDriver::ActivateNext() {
  active_ = nullptr;
  for (const auto& job : jobs_) {
    if (job->snapshot.closed != nullptr || job->snapshot.paused != nullptr) continue;
    const Status activated = Activate(*job);
    if (activated.ok()) return;
    // A job whose files are damaged must not keep the others waiting: it ends, and says why.
    const JobClosed end{JobOutcome::kFailed, activated.id().value, activated.what()};
    PersistRecord({job->snapshot.manifest->id, end});
    job->snapshot.closed = std::make_shared<JobClosed>(end);
    active_ = nullptr;
  }
}

Status AggregatorDriver::Activate(Job& job) {
  const JobManifest& manifest = *job.snapshot.manifest;
  CAIRN_ASSIGN_OR_RETURN(const ParameterSpec spec, ParameterSpec::Create(manifest.tensors));
  CAIRN_ASSIGN_OR_RETURN(const ModelHandle model, models_->Get(job.snapshot.model, spec));
  std::vector<std::byte> memory;
  if (job.snapshot.server_state.size > 0) {
    CAIRN_ASSIGN_OR_RETURN(memory, models_->GetBytes(job.snapshot.server_state));
  }
  CAIRN_ASSIGN_OR_RETURN(job.work, RoundWork::Create(manifest.spec.strategy, model, memory, 1));
  random_ = std::make_unique<SeededRandom>(manifest.spec.seed);
  JobParts parts;
  parts.random = random_.get();
  parts.configure = [&job](RoundId) { return job.work->Configure(job.snapshot.manifest->spec.train); };
  parts.stall_timeout = config_.stall_timeout;
  parts.can_pause = true;
  parts.masking = masking_;
  CAIRN_ASSIGN_OR_RETURN(job.engine, JobEngine::Restore(job.snapshot, model, std::move(parts)));
  CAIRN_RETURN_IF_ERROR(WeighNoise(manifest.spec, job.engine->layout()));
  {
    Shape shape{.layout = job.engine->layout()};
    if (manifest.spec.secagg.is_masked()) {
      shape.masked_training = MaskedLayoutOf(manifest, shape.layout, RoundKind::kTrain).byte_size();
      shape.masked_evaluation = MaskedLayoutOf(manifest, shape.layout, RoundKind::kEvaluate).byte_size();
    }
    const std::lock_guard lock(shared_mutex_);
    shapes_[manifest.id] = shape;
  }
  ShareModel(model);
  active_ = &job;
  for (const auto& [session, site] : admitted_) Step(Joined{session, site});
  return {};
}

// Whether the aggregator's own budget has room for a round of noise, where a job asks it for that. Other jobs
// may have spent it since this one was submitted.
Status AggregatorDriver::WeighNoise(const JobSpec& spec, const UpdateLayout& layout) const {
  if (!ProtectsClients(spec)) return {};
  CAIRN_ASSIGN_OR_RETURN(
      const PrivateRound round,
      ClientRoundOf(spec, static_cast<std::uint64_t>(layout.parameters), spec.privacy->clip));
  return budget_.Weigh(spec, round.event);
}

Result<JobId> AggregatorDriver::Submit(JobManifest manifest, ParameterSet initial) {
  for (const auto& job : jobs_) {
    if (job->snapshot.closed == nullptr && job->snapshot.manifest->spec.name == manifest.spec.name) {
      return Status(errors::kJobBusy, "a job named '" + manifest.spec.name + "' has not ended yet");
    }
  }
  if (manifest.spec.secagg.is_masked()) {
    if (masking_ == nullptr)
      return Status(errors::kJobRefused, "this aggregator has no roster to mask under");
    CAIRN_ASSIGN_OR_RETURN(const MaskingParts masking, masking_->Current());
    if (manifest.spec.secagg.is_grouped()) {
      manifest.group_sites = ActiveSites(*masking.membership);
      manifest.group_roster = masking.membership->hash.hex();
    }
  }
  const ModelHandle model = MakeModelVersion(std::move(initial));
  manifest.id = JobId{jobs_.size() + 1};
  manifest.federation = config_.federation;
  manifest.initial_model = model->ref;
  manifest.digest = ComputeDigest(manifest);
  const auto shared = std::make_shared<const JobManifest>(std::move(manifest));

  // Everything the job could be refused for is tried before anything is kept.
  CAIRN_ASSIGN_OR_RETURN(const auto engine, JobEngine::Create(shared, model, {}));
  CAIRN_RETURN_IF_ERROR(WeighNoise(shared->spec, engine->layout()));
  CAIRN_RETURN_IF_ERROR(RoundWork::Create(shared->spec.strategy, model, {}, 1).status());
  CAIRN_RETURN_IF_ERROR(models_->Put(*model));
  CAIRN_RETURN_IF_ERROR(store_->Apply({shared->id, JobAccepted{shared}}));
  auto job = std::make_unique<Job>();
  job->snapshot.manifest = shared;
  job->snapshot.model = model->ref;
  jobs_.push_back(std::move(job));
  events_.Emit({DomainEvent::Level::kInfo,
                "job.accepted",
                {{"job", static_cast<std::int64_t>(shared->id.value)},
                 {"name", shared->spec.name},
                 {"submitter", shared->submitter},
                 {"digest", shared->digest}}});
  if (active_ == nullptr) ActivateNext();
  return shared->id;
}

Result<AggregatorDriver::Job*> AggregatorDriver::Find(JobId id) {
  const auto it =
      std::ranges::find_if(jobs_, [&](const auto& job) { return job->snapshot.manifest->id == id; });
  if (it == jobs_.end()) return Status(errors::kJobUnknown, "no job j-" + std::to_string(id.value));
  return it->get();
}

Status AggregatorDriver::StopJob(JobId id, bool now, const std::string& actor) {
  CAIRN_ASSIGN_OR_RETURN(Job* const found, Find(id));
  Job& job = *found;
  if (job.snapshot.closed != nullptr) {
    return Status(errors::kJobBusy, "job j-" + std::to_string(id.value) + " has already ended");
  }
  const std::string reason = "stopped by " + actor;
  if (&job == active_ && job.snapshot.paused == nullptr) {
    Step(StopRequested{now, reason});
    return {};
  }
  const JobClosed end{JobOutcome::kStopped, errors::kJobStopped.value, reason};
  if (job.snapshot.paused != nullptr) return EndPaused(job, end);
  CAIRN_RETURN_IF_ERROR(store_->Apply({id, end}));
  job.snapshot.closed = std::make_shared<JobClosed>(end);
  return {};
}

// No engine is there to tell sites and observer.
Status AggregatorDriver::EndPaused(Job& job, const JobClosed& end) {
  const JobId id = job.snapshot.manifest->id;
  CAIRN_RETURN_IF_ERROR(store_->Apply({id, end}));
  job.snapshot.closed = std::make_shared<JobClosed>(end);
  if (const auto model = CurrentModel(id); model.ok()) observer_.OnEnd(*job.snapshot.manifest, end, *model);
  for (const auto& [session, site] : admitted_)
    transport_.Send(session, JobEnded{id, end.outcome, end.reason});
  if (on_change_) on_change_(id);
  return {};
}

Status AggregatorDriver::ResumeJob(JobId id, const std::string& actor) {
  CAIRN_ASSIGN_OR_RETURN(Job* const job, Find(id));
  if (job->snapshot.closed != nullptr || job->snapshot.paused == nullptr)
    return Status(errors::kJobBusy, "job j-" + std::to_string(id.value) + " is not paused");
  const Record record{id, JobResumed{actor}};
  CAIRN_RETURN_IF_ERROR(store_->Apply(record));
  ApplyRecord(job->snapshot, record);
  events_.Emit({DomainEvent::Level::kInfo,
                "job.resumed",
                {{"job", static_cast<std::int64_t>(id.value)}, {"by", actor}}});
  if (active_ == nullptr) ActivateNext();
  if (on_change_) on_change_(id);
  return {};
}

// ---- the transport's side: post, then hear on the control thread

void AggregatorDriver::OnOpen(SessionId session, PeerInfo peer) {
  loop_.Post([this, session, peer = std::move(peer)] { peers_[session] = peer; });
}

void AggregatorDriver::OnMessage(SessionId session, ClientMessage message) {
  // std::function needs a copyable closure; the message moves through a shared box.
  auto box = std::make_shared<ClientMessage>(std::move(message));
  loop_.Post([this, session, box] { Hear(session, std::move(*box)); });
}

void AggregatorDriver::OnClose(SessionId session, Status reason) {
  loop_.Post([this, session, reason] {
    if (const auto it = admitted_.find(session); it != admitted_.end()) {
      events_.Emit({DomainEvent::Level::kInfo, "site.left", {{"site", it->second}, {"why", reason.what()}}});
      admitted_.erase(it);
      Step(Left{session, reason.id() == errors::kMemberRevoked});
    }
    peers_.erase(session);
  });
}

void AggregatorDriver::Hear(SessionId session, ClientMessage message) {
  const auto peer = peers_.find(session);
  if (peer == peers_.end()) return;
  if (const auto* hello = std::get_if<Hello>(&message)) {
    ServerMessage reply;
    const bool admit = admission_.Admit(session, peer->second.name, *hello, reply);
    transport_.Send(session, std::move(reply));
    if (!admit) {
      transport_.Close(session, Status(errors::kNetVersion, "the site was refused"));
      return;
    }
    // One live session a site: the new one fences the old.
    for (const auto& [other, site] : admitted_) {
      if (site == hello->site && other != session) {
        transport_.Close(other, Status(errors::kNetLost, "a newer session of this site took over"));
      }
    }
    admitted_[session] = hello->site;
    events_.Emit(
        {DomainEvent::Level::kInfo, "site.joined", {{"site", hello->site}, {"software", hello->software}}});
    Step(Joined{session, hello->site});
    return;
  }
  if (admitted_.contains(session)) Step(Received{session, std::move(message)});
}

// ---- the loop of the engine

void AggregatorDriver::Step(Event event) {
  if (active_ == nullptr) return;
  Job& job = *active_;
  const JobId id = job.snapshot.manifest->id;
  Actions actions;
  job.engine->Step(Now(), std::move(event), actions);
  for (Action& action : actions) {
    if (!Perform(action)) break;
  }
  if (on_change_) on_change_(id);
}

bool AggregatorDriver::is_active(JobId job) const {
  return active_ != nullptr && active_->snapshot.manifest->id == job;
}

// What a lane came back with, unless its job has ended meanwhile and another is at it.
void AggregatorDriver::StepFor(JobId job, Event event) {
  if (is_active(job)) Step(std::move(event));
}

bool AggregatorDriver::Perform(Action& action) {
  if (const auto* persist = std::get_if<Persist>(&action)) return PersistRecord(persist->record);
  if (auto* send = std::get_if<Send>(&action)) {
    transport_.Send(send->session, std::move(send->message));
  } else if (auto* fold = std::get_if<Fold>(&action)) {
    FoldOnLane(std::move(*fold));
  } else if (const auto* finish = std::get_if<Finish>(&action)) {
    FinishOnLane(*finish);
  } else if (const auto* store = std::get_if<StoreSum>(&action)) {
    StoreSumOnLane(store->key);
  } else if (const auto* open = std::get_if<OpenSum>(&action)) {
    OpenSumOnLane(*open);
  } else if (const auto* set = std::get_if<SetTimer>(&action)) {
    loop_.Set(set->timer, set->at);
  } else if (const auto* cancel = std::get_if<CancelTimer>(&action)) {
    loop_.Cancel(cancel->timer);
  } else if (const auto* publish = std::get_if<Publish>(&action)) {
    PublishRound(*publish);
  } else if (const auto* end = std::get_if<EndJob>(&action)) {
    EndActive(end->end);
  } else if (std::holds_alternative<PauseJob>(action)) {
    PauseActive();
  } else if (const auto* emit = std::get_if<Emit>(&action)) {
    events_.Emit(emit->event);
  }
  return true;
}

bool AggregatorDriver::PersistRecord(const Record& record) {
  const Status stored = store_->Apply(record);
  if (stored.ok()) {
    for (const auto& job : jobs_) {
      if (job->snapshot.manifest->id == record.job) ApplyRecord(job->snapshot, record);
    }
    return true;
  }
  events_.Emit({DomainEvent::Level::kError,
                "storage.failed",
                {{"id", ToString(stored.id())}, {"why", stored.what()}}});
  loop_.Post([this, stored, record] { StepFor(record.job, ActionFailed{stored, record}); });
  return false;
}

void AggregatorDriver::EndActive(const JobClosed& end) {
  Job& job = *active_;
  lane_->Drain();
  observer_.OnEnd(*job.snapshot.manifest, end, job.engine->model());
  events_.Emit(
      {end.outcome == JobOutcome::kFinished ? DomainEvent::Level::kInfo : DomainEvent::Level::kWarning,
       "job.ended",
       {{"job", static_cast<std::int64_t>(job.snapshot.manifest->id.value)}, {"why", end.reason}}});
  LetGo(job);
}

// The others need not wait for the operator.
void AggregatorDriver::PauseActive() {
  lane_->Drain();
  LetGo(*active_);
}

// Once this list of actions is done: the engine is still in use below us.
void AggregatorDriver::LetGo(Job& job) {
  loop_.Post([this, &job] {
    job.engine.reset();
    job.work.reset();
    if (active_ == &job) ActivateNext();
  });
}

}  // namespace cairn

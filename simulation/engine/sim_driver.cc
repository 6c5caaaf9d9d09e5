#include "simulation/engine/sim_driver.h"

#include <algorithm>

#include "core/base/check.h"
#include "simulation/engine/sim_agent.h"

namespace cairn {
namespace {

bool IsMasking(const AgentAction& action) {
  return std::holds_alternative<BeginMasking>(action) || std::holds_alternative<StepMasking>(action) ||
         std::holds_alternative<MaskInput>(action);
}

}  // namespace

SimDriver::SimDriver(SimConfig config, SimParts parts)
    : config_(config),
      parts_(std::move(parts)),
      random_(parts_.manifest->spec.seed),
      lanes_(config.lanes),
      maskings_(lanes_),
      admission_({"cairn simulation", Duration{0}}) {}

SimDriver::~SimDriver() {
  lanes_.Stop();
  agents_.clear();  // their channels still tell us that they close
}

Result<std::unique_ptr<SimDriver>> SimDriver::Create(SimConfig config, SimParts parts) {
  const JobSpec& spec = parts.manifest->spec;
  if (spec.cohort.over_selection > 0 && !config.devices.active()) {
    return Status(
        errors::kJobRefused,
        "cohort.over_selection needs population.speed: without a device model who is late would be an "
        "accident of ordering");
  }
  if (config.drop_outs.active() && spec.cohort.min_reports == 0 && !spec.secagg.is_grouped()) {
    return Status(
        errors::kJobRefused,
        "population.dropout needs strategy.cohort.min_reports: without it a round wants every site it "
        "invites, and one that is lost ends each attempt");
  }
  // The job numbers its participants by name; with sorted clients, index and ClientId are one.
  std::ranges::sort(parts.clients, {}, &SimClient::site);
  std::unique_ptr<SimDriver> driver(new SimDriver(config, std::move(parts)));
  const JobManifest& manifest = *driver->parts_.manifest;
  // On each lane one trains, one waits for its turn, and the update of one is still being folded.
  constexpr std::size_t kModelsPerLane = 3;
  CAIRN_ASSIGN_OR_RETURN(driver->learners_,
                         LearnerPool::Create(config.lanes * kModelsPerLane, *driver->parts_.learners,
                                             manifest.spec.model, manifest.spec.freeze));
  driver->agent_config_.policy = SitePolicy::ForMadePopulation();
  driver->agent_config_.keeping = ReportKeeping::kUntilSent;
  driver->agent_config_.welcome_timeout = std::chrono::hours(1);
  driver->workers_ =
      std::make_unique<SimWorkers>(driver->lanes_, *driver->learners_, driver->random_,
                                   EgressGuard(EgressGuard::Limits::Of(driver->agent_config_.policy)));
  CAIRN_ASSIGN_OR_RETURN(driver->round_work_,
                         RoundWork::Create(manifest.spec.strategy, driver->parts_.initial, {}, config.lanes));
  // `wire` is what real sites do, masks and all; `direct` leaves out what cancels.
  if (config.transport == TransportMode::kWire && manifest.spec.secagg.is_masked()) {
    std::vector<std::string> sites;
    for (const SimClient& client : driver->parts_.clients) sites.push_back(client.site);
    driver->masking_ = std::make_unique<SimMasking>(manifest.spec.seed, std::move(sites));
    driver->agent_config_.masking = driver->masking_->identity();
  }
  JobParts job_parts;
  job_parts.masking = driver->masking_.get();
  job_parts.random = &driver->random_;
  job_parts.configure = [raw = driver.get()](RoundId) {
    return raw->round_work_->Configure(raw->parts_.manifest->spec.train);
  };
  if (config.drop_outs.active() && driver->masking_ == nullptr && manifest.spec.secagg.is_masked()) {
    job_parts.least_reports = [raw = driver.get()](const RoundKey& key,
                                                   const std::vector<ClientId>& invited) {
      return raw->LeastReports(key, invited);
    };
  }
  CAIRN_ASSIGN_OR_RETURN(driver->engine_, JobEngine::Create(driver->parts_.manifest, driver->parts_.initial,
                                                            std::move(job_parts)));
  driver->hub_ = std::make_unique<InProcessHub>(config.transport);
  CAIRN_ASSIGN_OR_RETURN(auto desks, MakePrivacyDesks(manifest, driver->parts_.clients));
  if (ProtectsClients(manifest.spec)) {
    CAIRN_ASSIGN_OR_RETURN(driver->budget_, CentralBudget::ForSimulation(driver->parts_.clients.size(),
                                                                         manifest.spec.privacy->delta));
  }
  for (std::size_t i = 0; i < driver->parts_.clients.size(); ++i) {
    const std::string& site = driver->parts_.clients[i].site;
    ClientAgent agent(driver->agent_config_, {site, static_cast<std::uint64_t>(i), desks[i].get()},
                      driver->random_);
    driver->agents_.push_back(std::make_unique<Agent>(*driver, i, std::move(desks[i]), std::move(agent)));
    if (driver->masking_ != nullptr) driver->agents_.back()->masking = driver->masking_->NewDesk(i);
    driver->agents_.back()->channel = driver->hub_->NewChannel({manifest.federation, "site", site});
  }
  return driver;
}

std::optional<SimPrivacySpent> SimDriver::privacy_spent() const {
  std::vector<const PrivacyDesk*> desks;
  for (const auto& agent : agents_) desks.push_back(agent->privacy.get());
  return SpentOf(desks);
}

Result<JobClosed> SimDriver::Run(SimObserver& observer, const std::stop_token& stop) {
  CAIRN_RETURN_IF_ERROR(hub_->server().Start(*this, *this));
  Actions opening;
  engine_->Start(now_, opening);
  for (std::size_t i = 0; i < agents_.size(); ++i) ready_.push_back(AgentInput{i, AgentStarted{}});
  while (true) {
    CAIRN_RETURN_IF_ERROR(StepReady(observer));
    if (end_.has_value()) break;
    CAIRN_RETURN_IF_ERROR(fault_);
    if (stop.stop_requested()) {
      for (const auto& agent : agents_) agent->stop.request_stop();
      return Status(errors::kCancelled, "the simulation was stopped");
    }
    DispatchWork();
    if (AnswersMasking()) continue;
    if (due_.empty())
      return Status(errors::kInternal, "the simulation has nothing left to do but the job has not ended");
    auto [when, event] = due_.Pop();
    now_ = std::max(now_, when);
    Deliver(event);
  }
  lanes_.Drain();
  return *end_;
}

// Before time goes on, what was asked of the lanes is answered. Only vectors wait a little, so that lanes
// mask some while others are still trained: as many as anywhere, whatever the number of lanes.
bool SimDriver::AnswersMasking() {
  constexpr std::size_t kVectorsAhead = 64;
  if (maskings_.size() == 0) return false;
  const bool is_work_due =
      !due_.empty() && due_.next_due() <= now_ && std::holds_alternative<WorkDue>(due_.next());
  if (is_work_due && maskings_.steps() == 0 && maskings_.size() < kVectorsAhead) return false;
  MaskingLanes::Answer answer = maskings_.Take();
  ready_.push_back(AgentInput{answer.client, std::move(answer.event)});
  return true;
}

Status SimDriver::StepReady(SimObserver& observer) {
  while (!ready_.empty()) {
    Ready next = std::move(ready_.front());
    ready_.pop_front();
    if (auto* event = std::get_if<Event>(&next)) {
      CAIRN_RETURN_IF_ERROR(StepJob(std::move(*event), observer));
    } else {
      auto& input = std::get<AgentInput>(next);
      StepAgent(input.client, std::move(input.event), observer);
    }
  }
  return {};
}

// ---- the aggregator's side

void SimDriver::OnOpen(SessionId session, PeerInfo peer) { peers_[session] = peer.name; }

void SimDriver::OnMessage(SessionId session, ClientMessage message) {
  if (const auto* hello = std::get_if<Hello>(&message)) {
    ServerMessage reply;
    const bool admitted = admission_.Admit(session, peers_[session], *hello, reply);
    hub_->server().Send(session, std::move(reply));
    if (admitted) ready_.push_back(Event{Joined{session, hello->site}});
    return;
  }
  ready_.push_back(Event{Received{session, std::move(message)}});
}

void SimDriver::OnClose(SessionId session, Status) {
  peers_.erase(session);
  ready_.push_back(Event{Left{session, config_.drop_outs.active()}});
}

Result<UpdateLayout> SimDriver::LayoutFor(JobId) const { return engine_->layout(); }

bool SimDriver::TakesMasked(JobId, std::uint64_t bytes) const { return engine_->takes_masked(bytes); }

ModelHandle SimDriver::FindModel(const BlobRef& ref) const {
  return engine_->model()->ref == ref ? engine_->model() : nullptr;
}

Status SimDriver::StepJob(Event event, SimObserver& observer) {
  Actions actions;
  engine_->Step(now_, std::move(event), actions);
  for (Action& action : actions) CAIRN_RETURN_IF_ERROR(Perform(action, observer));
  return {};
}

Status SimDriver::Perform(Action& action, SimObserver& observer) {
  if (auto* send = std::get_if<Send>(&action)) {
    hub_->server().Send(send->session, std::move(send->message));
  } else if (auto* fold = std::get_if<Fold>(&action)) {
    FoldUpdate(std::move(*fold));
  } else if (const auto* set = std::get_if<SetTimer>(&action)) {
    job_timers_[set->timer] = ++generation_;
    due_.Push(set->at, 0, JobTimer{set->timer, generation_});
  } else if (const auto* cancel = std::get_if<CancelTimer>(&action)) {
    job_timers_.erase(cancel->timer);
  } else if (const auto* open = std::get_if<OpenSum>(&action)) {
    lanes_.Drain();
    open->ring == nullptr ? round_work_->Open(open->key)
                          : round_work_->OpenRing(open->key, open->ring, open->grouping);
  } else if (const auto* finish = std::get_if<Finish>(&action)) {
    return FinishRound(*finish);
  } else if (const auto* store = std::get_if<StoreSum>(&action)) {
    ready_.push_back(Event{SumStored{store->key, {}}});  // a simulation lives in memory
  } else if (const auto* publish = std::get_if<Publish>(&action)) {
    return PublishRound(*publish, observer);
  } else if (const auto* end = std::get_if<EndJob>(&action)) {
    end_ = end->end;
  } else if (const auto* emit = std::get_if<Emit>(&action)) {
    observer.OnEvent(emit->event);
  }
  return {};  // Persist: a simulation lives in memory
}

// On the lane that trained it, while it is in that core's cache.
void SimDriver::FoldUpdate(Fold fold) {
  const std::size_t home = agents_[fold.client.value]->lane;
  lanes_.Submit(home, [this, fold = std::move(fold)](std::size_t here) mutable {
    if (fold.ring != nullptr) {
      round_work_->FoldRing(here, fold.key, fold.group, fold.ring->bytes());
    } else {
      round_work_->Fold(here, fold.key, fold.update->view(), fold.weight);
    }
    fold.update.reset();
    fold.ring.reset();
  });
}

Status SimDriver::FinishRound(const Finish& finish) {
  const RoundKey key = finish.key;
  lanes_.Drain();
  if (!finish.sums.empty()) {
    std::optional<CentralRelease> central;
    if (finish.central.has_value()) {
      CAIRN_ASSIGN_OR_RETURN(central, budget_.Charge(*parts_.manifest, key, *finish.central,
                                                     CentralNoise(parts_.manifest->spec.seed, key.round)));
    }
    CAIRN_ASSIGN_OR_RETURN(RoundWork::Opened opened,
                           round_work_->FinishRings(finish.sums, std::move(central)));
    if (finish.central.has_value()) CAIRN_RETURN_IF_ERROR(budget_.Reveal(*parts_.manifest, key));
    ready_.push_back(Event{Finished{key,
                                    std::move(opened.model),
                                    {},
                                    std::move(opened.counts),
                                    std::move(opened.discarded),
                                    opened.share_within}});
    return {};
  }
  CAIRN_ASSIGN_OR_RETURN(ModelHandle model, round_work_->Finish());
  ready_.push_back(Event{Finished{key, std::move(model), {}, {}, {}, {}}});
  return {};
}

Status SimDriver::PublishRound(const Publish& publish, SimObserver& observer) {
  MetricSums central;
  if (publish.summary.kind == RoundKind::kTrain) {
    round_work_->Adopt();
    if (parts_.test != nullptr) {
      CAIRN_ASSIGN_OR_RETURN(central, EvaluateOnLanes(*publish.model, parts_.manifest->spec.train.loss,
                                                      parts_.test, lanes_, *learners_));
    }
  }
  return observer.OnRound(publish.summary, publish.model, central,
                          publish.summary.key == lost_in_ ? lost_ : 0);
}

// ---- the sites' side

void SimDriver::StepAgent(std::size_t client, AgentEvent event, SimObserver& observer) {
  Agent& agent = *agents_[client];
  if (const auto* said = std::get_if<ServerSaid>(&event)) {
    if (!agent.is_silent && FallsSilentOn(agent, said->message)) Lose(agent);
    if (agent.is_silent) return;
  }
  if (std::holds_alternative<ChannelClosed>(event)) agent.is_silent = false;
  AgentActions actions;
  agent.engine.Step(now_, std::move(event), actions);
  for (AgentAction& action : actions) PerformAgent(client, action, observer);
}

void SimDriver::PerformAgent(std::size_t client, AgentAction& action, SimObserver& observer) {
  Agent& agent = *agents_[client];
  if (auto* send = std::get_if<SendToServer>(&action)) {
    agent.channel->Send(std::move(send->message));
  } else if (auto* start = std::get_if<StartWork>(&action)) {
    QueueWork(client, std::move(*start));
  } else if (const auto* charge = std::get_if<ChargePrivacy>(&action)) {
    ready_.push_back(AgentInput{client, PrivacyCharged{charge->key, agent.privacy->Charge(charge->charge)}});
  } else if (const auto* reveal = std::get_if<RevealPrivacy>(&action)) {
    const Status revealed = agent.privacy->Reveal(reveal->key);
    CAIRN_CHECK(revealed.ok(), "a ledger in memory holds what was charged");
  } else if (std::holds_alternative<KillWork>(action)) {
    StopWork(client);
  } else if (std::holds_alternative<OpenChannel>(action)) {
    agent.channel->Open(agent);
  } else if (std::holds_alternative<CloseChannel>(action)) {
    agent.channel->Close();
  } else if (const auto* learn = std::get_if<LearnJob>(&action)) {
    agent.channel->LearnJob(learn->job->manifest->id, learn->job->spec);
  } else if (const auto* set = std::get_if<SetAgentTimer>(&action)) {
    agent.timers[set->timer] = ++generation_;
    due_.Push(set->at, 0, AgentTimer{client, set->timer, generation_});
  } else if (const auto* cancel = std::get_if<CancelAgentTimer>(&action)) {
    agent.timers.erase(cancel->timer);
  } else if (const auto* emit = std::get_if<EmitEvent>(&action)) {
    if (emit->error == ErrorId{}) return;
    observer.OnEvent(
        {DomainEvent::Level::kWarning,
         std::string(emit->name),
         {{"site", parts_.clients[client].site}, {"id", ToString(emit->error)}, {"why", emit->detail}}});
  } else if (const auto* over = std::get_if<EndMasking>(&action)) {
    if (agent.masking != nullptr) maskings_.End(client, *agent.masking, over->key);
  } else if (agent.masking != nullptr && IsMasking(action)) {
    maskings_.Ask(client, *agent.masking, std::move(action));
  }
}

void SimDriver::QueueWork(std::size_t client, StartWork work) {
  Agent& agent = *agents_[client];
  if (agent.drop_out.has_value() && *agent.drop_out != DropOutModel::Place::kAfterVector)
    return;  // for nothing
  const std::int64_t examples = parts_.clients[client].train->size();
  const TimePoint due = now_ + config_.devices.WorkTime(random_, {client}, examples);
  // The longest first among works due together: it keeps all lanes busy to the end of a round.
  const WorkKey key{due, -examples, ++work_number_};
  agent.stop = std::stop_source();
  agent.work = std::move(work);
  agent.work_key = key;
  undispatched_.emplace(key, client);
  due_.Push(due, key.rank, WorkDue{client, key.number});
}

// Gone when it returns: what was dispatched ends at its next batch.
void SimDriver::StopWork(std::size_t client) {
  Agent& agent = *agents_[client];
  if (!agent.work_key.has_value()) return;
  agent.stop.request_stop();
  if (undispatched_.erase(*agent.work_key) == 1) {
    const RoundKey key = agent.work->key;
    agent.work.reset();
    agent.work_key.reset();
    ready_.push_back(
        AgentInput{client, WorkDone{key, Status(errors::kCancelled, "the work was not wanted any more")}});
  } else {
    FinishWork(client);
  }
}

void SimDriver::FinishWork(std::size_t client) {
  Agent& agent = *agents_[client];
  if (!agent.ticket.has_value()) StartNow(client);
  if (!fault_.ok()) return;
  const RoundKey key = agent.work->key;
  SimWorkers::Done done = agent.ticket->get();
  Result<SimWorkers::Sealed>& sealed = done.sealed;
  agent.lane = done.lane;
  agent.ticket.reset();
  agent.work.reset();
  agent.work_key.reset();
  using Contribution = std::shared_ptr<SealedContribution>;
  if (!sealed.ok()) {
    ready_.push_back(AgentInput{client, WorkDone{key, sealed.status()}});
  } else if (auto* report = std::get_if<SealedReport>(&*sealed)) {
    ready_.push_back(AgentInput{client, WorkDone{key, std::move(*report)}});
  } else {
    auto& words = std::get<Contribution>(*sealed);
    ready_.push_back(AgentInput{client, ContributionReady{key, std::move(words)}});
  }
}

// It falls due while every model is lent: to folds, which end by themselves, or to work that falls due later.
void SimDriver::StartNow(std::size_t client) {
  Agent& agent = *agents_[client];
  undispatched_.erase(*agent.work_key);
  lanes_.Drain();
  Result<SimWorkers::Ticket> ticket =
      workers_->Start(*agent.work, parts_.clients[client], agent.stop.get_token());
  if (ticket.ok()) {
    agent.ticket = std::move(ticket).value();
  } else {
    fault_ = ticket.status();
  }
}

void SimDriver::DispatchWork() {
  while (!undispatched_.empty()) {
    const std::size_t client = undispatched_.begin()->second;
    Agent& agent = *agents_[client];
    agent.ticket = workers_->TryStart(*agent.work, parts_.clients[client], agent.stop.get_token());
    if (!agent.ticket.has_value()) return;
    undispatched_.erase(undispatched_.begin());
  }
}

void SimDriver::Deliver(Due due) {
  if (const auto* timer = std::get_if<JobTimer>(&due)) {
    const auto live = job_timers_.find(timer->timer);
    if (live == job_timers_.end() || live->second != timer->generation) return;
    job_timers_.erase(live);
    ready_.push_back(Event{TimerFired{timer->timer}});
  } else if (const auto* agent_timer = std::get_if<AgentTimer>(&due)) {
    auto& timers = agents_[agent_timer->client]->timers;
    const auto live = timers.find(agent_timer->timer);
    if (live == timers.end() || live->second != agent_timer->generation) return;
    timers.erase(live);
    ready_.push_back(AgentInput{agent_timer->client, AgentTimerFired{agent_timer->timer}});
  } else {
    const auto& work = std::get<WorkDue>(due);
    const auto& key = agents_[work.client]->work_key;
    if (key.has_value() && key->number == work.work) FinishWork(work.client);
  }
}

}  // namespace cairn

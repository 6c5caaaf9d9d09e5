#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aggregator/engine/job_engine.h"
#include "aggregator/engine/round_work.h"
#include "aggregator/persistence/job_store.h"
#include "client/agent/client_agent.h"
#include "client/agent/masking_desk.h"
#include "protocol/messages/blob_ref.h"
#include "protocol/messages/manifest.h"
#include "simulation/engine/sim_masking.h"
#include "tests/testing/fake_update.h"

namespace cairn {

// A grouped federation within a test: the job engine, agents under a real policy, their masking desks, the
// journal's snapshot, and messages that cross in an order that a seed draws. The test loses sites and the
// aggregator where it likes.
class GroupedFederation {
 public:
  struct Options {
    std::size_t sites = 10;
    std::uint32_t group_size = 3;
    std::uint32_t group_min = 3;
    GroupRule rule = GroupRule::kMedian;
    std::uint32_t trim = 0;
    std::uint32_t rounds = 1;
    std::uint32_t attempts = 1;
    std::uint64_t seed = 1;
    bool can_pause = false;
  };

  // What site i sends: whole eighths, so that means are exact where a test works them out.
  virtual std::vector<float> UpdateOf(std::size_t site, std::uint64_t round) const {
    std::vector<float> values(kLength);
    for (std::size_t k = 0; k < kLength; ++k)
      values[k] = static_cast<float>((7 * site + 3 * round + 5 * k * site) % 64) / 8 - 4;
    return values;
  }
  // How often a vector is added up: another number than 1 makes its group's sum fail its checks.
  virtual int FoldsOf(ClientId) const { return 1; }
  // What reaches the aggregator in place of a message of site i.
  virtual ClientMessage Said(std::size_t, ClientMessage message) { return message; }
  virtual ~GroupedFederation() = default;
  static constexpr std::size_t kLength = 3;

  explicit GroupedFederation(const Options& options)
      : options_(options), random_(options.seed), draw_(random_.Open({Purpose::kTest, 9, 0, 0})) {
    for (std::size_t i = 0; i < options.sites; ++i) names_.push_back("site-" + std::string(1, char('a' + i)));
    masking_ = std::make_unique<SimMasking>(options.seed, names_);
    MakeManifest();
    config_.policy.approval = ApprovalMode::kAuto;
    config_.policy.secagg = SecAggPolicy::kGroupedOk;
    config_.policy.min_cohort = 3;
    config_.policy.datasets = {{"rows", {"*"}}};
    config_.masking = masking_->identity();
    config_.welcome_timeout = std::chrono::hours(10);
    for (std::size_t i = 0; i < options.sites; ++i) {
      sites_.push_back(std::make_unique<Site>(Site{ClientAgent(config_, {names_[i], i}, random_)}));
      sites_[i]->desk = masking_->NewDesk(i);
    }
  }

  void Begin() {
    snapshot_.manifest = believed_ != nullptr ? believed_ : manifest_;
    snapshot_.model = initial_->ref;
    StartAggregator();
    for (std::size_t i = 0; i < sites_.size(); ++i) Tell(i, AgentStarted{});
  }
  // An aggregator that cuts the approved job into other groups than its sites do. Before Begin.
  void LieAboutGroups() {
    auto lie = std::make_shared<JobManifest>(*manifest_);
    lie->group_roster.back() = lie->group_roster.back() == '0' ? '1' : '0';
    believed_ = std::move(lie);
  }
  // One message or event; false when nothing is under way.
  bool Step() {
    std::vector<std::size_t> busy;
    for (std::size_t i = 0; i < sites_.size(); ++i) {
      if (!sites_[i]->inbox.empty() || !sites_[i]->outbox.empty()) busy.push_back(i);
    }
    if (busy.empty() && to_engine_.empty()) return false;
    if (!to_engine_.empty() && (busy.empty() || draw_.Below(4) == 0)) {
      Event event = std::move(to_engine_.front());
      to_engine_.pop_front();
      StepEngine(std::move(event));
      return true;
    }
    Site& site = *sites_[busy[draw_.Below(busy.size())]];
    const bool is_out = site.inbox.empty() || (!site.outbox.empty() && draw_.Below(2) == 0);
    if (is_out) {
      ClientMessage message = std::move(site.outbox.front());
      site.outbox.pop_front();
      const auto at = std::ranges::find_if(sites_, [&](const auto& one) { return one.get() == &site; });
      Arrive(site, Said(static_cast<std::size_t>(at - sites_.begin()), std::move(message)));
    } else {
      AgentEvent event = std::move(site.inbox.front());
      site.inbox.pop_front();
      StepSite(site, std::move(event));
    }
    return true;
  }
  // Time goes on to the aggregator's next timer.
  void Wait() {
    if (timers_.empty()) return;
    const auto next = std::ranges::min_element(timers_, {}, [](const auto& t) { return t.second; });
    now_ = std::max(now_, next->second);
    const TimerId timer = next->first;
    timers_.erase(next);
    StepEngine(TimerFired{timer});
  }
  bool HasTimer() const { return !timers_.empty(); }

  void Lose(std::size_t i, bool for_good) {
    Site& site = *sites_[i];
    if (!site.is_up) return;
    Cut(site);
    StepEngine(Left{site.session, for_good});
  }
  void Return(std::size_t i) {
    if (!sites_[i]->is_up) StepSite(*sites_[i], AgentTimerFired{ClientAgent::kLinkTimer});
  }
  bool is_up(std::size_t i) const { return sites_[i]->is_up; }
  // kill -9 of the aggregator: what it had recorded is all that is left of it.
  void RestartAggregator() {
    to_engine_.clear();
    timers_.clear();
    for (auto& site : sites_) {
      if (site->is_up) Cut(*site);
    }
    StartAggregator();
    for (std::size_t i = 0; i < sites_.size(); ++i) Return(i);
  }

  // The operator lets a paused job go on: it is restored from its records.
  void Resume() {
    ApplyRecord(snapshot_, {JobId{1}, JobResumed{"uid 7"}});
    RestartAggregator();
  }
  const JobSnapshot& snapshot() const { return snapshot_; }
  bool ended() const { return end_.has_value(); }
  const std::optional<JobClosed>& end() const { return end_; }
  const JobEngine& engine() const { return *engine_; }
  const std::vector<std::string>& names() const { return names_; }
  JobManifest& manifest() { return *manifest_; }
  std::size_t sites() const { return sites_.size(); }
  RandomStream& draw() { return draw_; }

  struct Round {
    RoundSummary summary;
    std::vector<float> change;  // of the model
  };
  std::vector<Round> committed;
  std::vector<DomainEvent> events;
  std::vector<Record> records;
  std::string fault;  // what must never happen

 protected:
  struct Site {
    ClientAgent agent;
    std::unique_ptr<MaskingDesk> desk = nullptr;
    std::deque<AgentEvent> inbox = {};
    std::deque<ClientMessage> outbox = {};
    SessionId session = {};
    bool is_up = false;
  };
  void MakeManifest() {
    auto spec = ParameterSpec::Create({{"w", {kLength}, Role::kParameter, Scope::kExchanged}});
    initial_ = MakeModelVersion(ParameterSet(*spec));
    manifest_ = std::make_shared<JobManifest>();
    manifest_->id = JobId{1};
    manifest_->federation = "test";
    manifest_->spec.name = "grouped";
    manifest_->spec.data.dataset = "rows";
    manifest_->spec.strategy.rounds = options_.rounds;
    manifest_->spec.strategy.weight_by_examples = false;
    manifest_->spec.evaluate.federated = false;
    manifest_->spec.cohort.min_clients = static_cast<std::uint32_t>(options_.sites);
    manifest_->spec.cohort.max_attempts = options_.attempts;
    manifest_->spec.secagg = {.mode = SecAggMode::kGrouped,
                              .group_size = options_.group_size,
                              .group_min = options_.group_min,
                              .rule = options_.rule,
                              .trim = options_.trim};
    manifest_->tensors = spec->tensors();
    manifest_->initial_model = initial_->ref;
    manifest_->group_sites = names_;
    manifest_->group_roster = SimRosterHash(names_).hex();
    manifest_->digest = ComputeDigest(*manifest_);
  }

  void StartAggregator() {
    auto work = RoundWork::Create(manifest_->spec.strategy, Model(snapshot_.model), {}, 2);
    ASSERT_TRUE(work.ok());
    work_ = std::move(*work);
    JobParts parts;
    parts.random = &random_;
    parts.stall_timeout = std::chrono::seconds(10);
    parts.can_pause = options_.can_pause;
    parts.masking = masking_.get();
    auto engine = JobEngine::Restore(snapshot_, Model(snapshot_.model), std::move(parts));
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }
  ModelHandle Model(const BlobRef& ref) const {
    return models_.contains(ref.hex()) ? models_.at(ref.hex()) : initial_;
  }

  void Tell(std::size_t i, AgentEvent event) { sites_[i]->inbox.push_back(std::move(event)); }
  void Cut(Site& site) {
    site.is_up = false;
    site.inbox.clear();
    site.outbox.clear();
    StepSite(site, ChannelClosed{Status(errors::kNetLost, "lost")});
  }
  void Arrive(Site& site, ClientMessage message) {
    if (std::holds_alternative<Hello>(message)) {
      site.inbox.push_back(ServerSaid{Welcome{}});
      to_engine_.push_back(Joined{site.session, std::get<Hello>(message).site});
    } else {
      to_engine_.push_back(Received{site.session, std::move(message)});
    }
  }

  void StepSite(Site& site, AgentEvent event) {
    AgentActions actions;
    site.agent.Step(now_, std::move(event), actions);
    for (AgentAction& action : actions) Perform(site, action);
  }
  void Perform(Site& site, AgentAction& action) {
    if (auto* send = std::get_if<SendToServer>(&action)) {
      if (site.is_up) site.outbox.push_back(std::move(send->message));
    } else if (std::holds_alternative<OpenChannel>(action)) {
      site.session = SessionId{++sessions_};
      site.is_up = true;
      by_session_[site.session] = &site;
      site.inbox.push_back(ChannelOpened{});
    } else if (auto* work = std::get_if<StartWork>(&action)) {
      site.inbox.push_back(Work(site, *work));
    } else if (auto* begin = std::get_if<BeginMasking>(&action)) {
      site.inbox.push_back(MaskingStepped{begin->key, site.desk->Begin(*begin)});
    } else if (auto* step = std::get_if<StepMasking>(&action)) {
      site.inbox.push_back(MaskingStepped{step->key, site.desk->Step(*step)});
    } else if (auto* mask = std::get_if<MaskInput>(&action)) {
      site.inbox.push_back(InputMasked{mask->key, site.desk->Mask(*mask, {})});
    } else if (auto* over = std::get_if<EndMasking>(&action)) {
      site.desk->End(over->key);
    }
  }
  AgentEvent Work(const Site& site, const StartWork& work) const {
    if (work.ring == nullptr)
      return WorkDone{work.key, Status(errors::kInternal, "a grouped round has a ring")};
    const auto at = std::ranges::find_if(sites_, [&](const auto& one) { return one.get() == &site; });
    WorkResult result;
    result.report.examples = 10;
    result.update = std::make_shared<FakeUpdate>(
        UpdateOf(static_cast<std::size_t>(at - sites_.begin()), work.key.round.value));
    const UpdateLayout layout = LayoutOf(initial_->values.spec());
    auto words = EgressGuard({}).Contribute(std::move(*work.clearance), RoundKind::kTrain, std::move(result),
                                            layout, work.ring->layout, work.ring->encode);
    if (!words.ok()) return ContributionReady{work.key, words.status()};
    return ContributionReady{work.key, std::make_shared<SealedContribution>(std::move(*words))};
  }

  void StepEngine(Event event) {
    if (ended()) return;
    Actions actions;
    engine_->Step(now_, std::move(event), actions);
    for (Action& action : actions) Perform(action);
  }
  void Perform(Action& action) {
    if (auto* persist = std::get_if<Persist>(&action)) {
      records.push_back(persist->record);
      ApplyRecord(snapshot_, persist->record);
    } else if (auto* send = std::get_if<Send>(&action)) {
      Site* site = by_session_.at(send->session);
      if (std::holds_alternative<JobOffer>(send->message)) send->message = JobOffer{manifest_};
      if (site->is_up && site->session == send->session)
        site->inbox.push_back(ServerSaid{std::move(send->message)});
    } else if (auto* set = std::get_if<SetTimer>(&action)) {
      timers_[set->timer] = set->at;
    } else if (auto* cancel = std::get_if<CancelTimer>(&action)) {
      timers_.erase(cancel->timer);
    } else if (auto* open = std::get_if<OpenSum>(&action)) {
      work_->OpenRing(open->key, open->ring, open->grouping);
      if (open->kept.size > 0 && !work_->PutRings(blobs_.at(open->kept.hex())).ok())
        fault = "a kept sum did not fit";
    } else if (auto* fold = std::get_if<Fold>(&action)) {
      for (int i = 0; i < FoldsOf(fold->client); ++i)
        work_->FoldRing(draw_.Below(2), fold->key, fold->group, fold->ring->bytes());
    } else if (auto* store = std::get_if<StoreSum>(&action)) {
      std::vector<std::byte> bytes = work_->TakeRings();
      const BlobRef ref = BlobRefOf(bytes);
      blobs_[ref.hex()] = std::move(bytes);
      to_engine_.push_back(SumStored{store->key, ref});
    } else if (auto* finish = std::get_if<Finish>(&action)) {
      auto opened = work_->FinishRings(finish->sums);
      if (!opened.ok()) {
        fault = opened.status().ToString();
        to_engine_.push_back(ActionFailed{opened.status(), {JobId{1}, {}}});
        return;
      }
      models_[opened->model->ref.hex()] = opened->model;
      to_engine_.push_back(Finished{finish->key, opened->model, {}, opened->counts, opened->discarded});
    } else if (auto* publish = std::get_if<Publish>(&action)) {
      const auto before = work_->model()->values.parameters();
      const auto after = publish->model->values.parameters();
      Round& round = committed.emplace_back();
      round.summary = publish->summary;
      for (std::size_t k = 0; k < kLength; ++k) round.change.push_back(after[k] - before[k]);
      work_->Adopt();
    } else if (auto* end = std::get_if<EndJob>(&action)) {
      end_ = end->end;
    } else if (auto* emit = std::get_if<Emit>(&action)) {
      events.push_back(emit->event);
    }
  }

  Options options_;
  SeededRandom random_;
  RandomStream draw_;
  std::vector<std::string> names_;
  std::unique_ptr<SimMasking> masking_;
  std::shared_ptr<JobManifest> manifest_;
  std::shared_ptr<const JobManifest> believed_;  // by the aggregator, where it is another one
  ModelHandle initial_;
  AgentConfig config_;
  std::vector<std::unique_ptr<Site>> sites_;
  JobSnapshot snapshot_;
  std::unique_ptr<RoundWork> work_;
  std::unique_ptr<JobEngine> engine_;
  std::map<SessionId, Site*> by_session_;
  std::deque<Event> to_engine_;
  std::map<TimerId, TimePoint> timers_;
  std::map<std::string, std::vector<std::byte>> blobs_;
  std::map<std::string, ModelHandle> models_;
  std::uint64_t sessions_ = 0;
  TimePoint now_;
  std::optional<JobClosed> end_;
};

}  // namespace cairn

#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "aggregator/engine/admission.h"
#include "aggregator/engine/central_budget.h"
#include "aggregator/engine/job_engine.h"
#include "aggregator/engine/round_work.h"
#include "client/agent/client_agent.h"
#include "protocol/transport/in_process_hub.h"
#include "simulation/engine/event_queue.h"
#include "simulation/engine/masking_lanes.h"
#include "simulation/engine/sim_masking.h"
#include "simulation/engine/sim_privacy.h"
#include "simulation/engine/sim_work.h"
#include "simulation/population/device_model.h"
#include "simulation/population/drop_out_model.h"

namespace cairn {

struct SimConfig {
  std::size_t lanes = 1;
  TransportMode transport = TransportMode::kDirect;
  DeviceModel devices = {};     // virtual duration of a client's work
  DropOutModel drop_outs = {};  // which clients an attempt loses
};

// What a simulation is made of. All of it outlives the driver.
struct SimParts {
  std::shared_ptr<const JobManifest> manifest;
  ModelHandle initial;
  std::vector<SimClient> clients;
  std::shared_ptr<const ExampleSource> test;  // null: no central evaluation
  const LearningTaskFactory* learners = nullptr;
};

// Hears of every committed round, in order, on the control thread.
class SimObserver {
 public:
  virtual ~SimObserver() = default;
  // `central` measures the model the round produced; empty without a test set. `lost` of the invited clients
  // were taken by the drop-out model.
  virtual Status OnRound(const RoundSummary& summary, const ModelHandle& model, const MetricSums& central,
                         std::size_t lost) = 0;
  virtual void OnEvent(const DomainEvent& event) = 0;
};

// Runs a job with the production engines under a virtual clock: one JobEngine, one ClientAgent a
// client, the in-process transport, training on lanes. One control thread steps all of them; lanes
// train in the order completions fall due, and results are delivered at their virtual times, so the
// outcome does not depend on how many lanes there are.
//
// A client that the drop-out model takes disconnects at its place in the attempt, is out of it at once, and
// connects again a little later, in virtual time. Where masks are left out it goes when its plan arrives,
// since whose keys were there makes no difference to the sum; the floors that the masking would have held to
// are kept, but for the neighbourhoods of a regular graph.
class SimDriver final : private ServerHandler, private BlobCatalog {
 public:
  static Result<std::unique_ptr<SimDriver>> Create(SimConfig config, SimParts parts);
  ~SimDriver() override;

  // Until the job ends; kCancelled when stopped.
  Result<JobClosed> Run(SimObserver& observer, const std::stop_token& stop);
  const ModelHandle& model() const { return engine_->model(); }
  std::optional<SimPrivacySpent> privacy_spent() const;              // so far; none without privacy terms
  InProcessHub::Traffic traffic() const { return hub_->traffic(); }  // so far, in wire mode

 private:
  struct WorkKey {  // dispatch order: as completions fall due
    TimePoint due;
    std::int64_t rank;
    std::uint64_t number;
    friend auto operator<=>(const WorkKey&, const WorkKey&) = default;
  };
  class Agent;  // one client: engine, channel, work in progress
  struct AgentInput {
    std::size_t client;
    AgentEvent event;
  };
  struct AgentTimer {
    std::size_t client;
    TimerId timer;
    std::uint64_t generation;
  };
  struct JobTimer {
    TimerId timer;
    std::uint64_t generation;
  };
  struct WorkDue {
    std::size_t client;
    std::uint64_t work;  // StartWork of this number; another one has replaced it otherwise
  };
  using Due = std::variant<AgentTimer, JobTimer, WorkDue>;
  using Ready = std::variant<Event, AgentInput>;

  SimDriver(SimConfig config, SimParts parts);

  // ServerHandler: posts only.
  void OnOpen(SessionId session, PeerInfo peer) override;
  void OnMessage(SessionId session, ClientMessage message) override;
  void OnClose(SessionId session, Status reason) override;
  // BlobCatalog
  Result<UpdateLayout> LayoutFor(JobId job) const override;
  bool TakesMasked(JobId job, std::uint64_t bytes) const override;
  ModelHandle FindModel(const BlobRef& ref) const override;

  Status StepReady(SimObserver& observer);
  bool AnswersMasking();
  Status StepJob(Event event, SimObserver& observer);
  void StepAgent(std::size_t client, AgentEvent event, SimObserver& observer);
  Status Perform(Action& action, SimObserver& observer);
  void PerformAgent(std::size_t client, AgentAction& action, SimObserver& observer);
  void FoldUpdate(Fold fold);
  Status FinishRound(const Finish& finish);
  Status PublishRound(const Publish& publish, SimObserver& observer);
  void QueueWork(std::size_t client, StartWork work);
  void DispatchWork();
  void StopWork(std::size_t client);

  // sim_drop_outs.cc
  void FixDropOut(Agent& agent, const RoundKey& key);
  bool FallsSilentOn(Agent& agent, const ServerMessage& message);
  void Lose(Agent& agent);
  std::size_t LeastReports(const RoundKey& key, const std::vector<ClientId>& invited) const;
  void FinishWork(std::size_t client);
  void StartNow(std::size_t client);
  void Deliver(Due due);

  SimConfig config_;
  SimParts parts_;
  SeededRandom random_;
  LanePool lanes_;
  std::unique_ptr<LearnerPool> learners_;
  std::unique_ptr<SimWorkers> workers_;
  std::unique_ptr<RoundWork> round_work_;
  CentralBudget budget_;                 // without a cap, of jobs that protect clients
  std::unique_ptr<SimMasking> masking_;  // null: sums without masks, which are the same bytes
  MaskingLanes maskings_;
  Admission admission_;
  std::unique_ptr<JobEngine> engine_;
  std::unique_ptr<InProcessHub> hub_;
  AgentConfig agent_config_;
  std::vector<std::unique_ptr<Agent>> agents_;
  std::map<SessionId, std::string> peers_;

  TimePoint now_;
  EventQueue<Due> due_;
  std::deque<Ready> ready_;
  std::map<TimerId, std::uint64_t> job_timers_;  // live generation
  std::uint64_t generation_ = 0;

  std::map<WorkKey, std::size_t> undispatched_;  // → client
  std::uint64_t work_number_ = 0;
  RoundKey lost_in_;  // the attempt whose losses are counted
  std::size_t lost_ = 0;
  std::optional<JobClosed> end_;
  Status fault_;  // why a channel broke
};

}  // namespace cairn

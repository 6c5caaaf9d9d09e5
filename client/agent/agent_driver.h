#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/agent/agent_store.h"
#include "client/agent/client_agent.h"
#include "client/agent/masking_desk.h"
#include "client/agent/privacy_desk.h"
#include "client/agent/roster_pin.h"
#include "client/policy/client_config.h"
#include "core/base/clock.h"
#include "core/base/event.h"
#include "core/base/random.h"
#include "core/runtime/lane_pool.h"
#include "core/runtime/timer_service.h"
#include "protocol/transport/transport.h"
#include "protocol/transport/worker_client.h"

namespace cairn {

// What an agent's driver works with. All of it outlives the driver, and the loop and the lanes stop
// before the driver goes.
struct AgentParts {
  ClientChannel& channel;
  WorkerClient& worker;
  AgentStore& store;
  TimerService& timers;                             // ids 1 … 9 are the driver's
  std::function<void(std::function<void()>)> post;  // runs a function on the control thread, later, in order
  LanePool& lanes;                                  // seals and spools
  const Clock& clock;
  const WallClock& wall_clock;
  const RandomSource& random;
  EventSink& events;
  std::function<void(const Status&)> on_ended;  // once: OK after a drained Stop, else what blocks the agent
  RosterPin* roster = nullptr;                  // null: no masked round can be taken part in
  MaskingDesk* masking = nullptr;               // likewise; used on lanes alone
  PrivacyDesk* privacy = nullptr;               // null: no private job can be taken part in
};

struct AgentDriverConfig {
  ClientConfig client;
  std::string software = "cairn";
  std::filesystem::path status_file;  // status.json; empty: none
  Duration status_pause = std::chrono::seconds(2);
  Duration drain_patience = std::chrono::seconds(25);  // then on_ended comes whether or not all is quiet
};

// One site's agent in production: hands events to ClientAgent on the control thread and performs its
// actions strictly in order. Channel and worker callbacks only post. A worker's result is sealed and
// spooled on a lane before the agent hears of it.
//
//   AgentDriver driver(config, parts);
//   loop.OnTimer([&](TimerId id) { driver.OnTimer(id); });
//   loop.OnTerminate([&] { driver.Stop(); });       // parts.on_ended then stops the loop
//   driver.Start();
//   loop.Run();
//
// Start, Stop, Reload, OnTimer and HandleAdmin belong to the control thread (Start may precede it).
class AgentDriver final : public ClientHandler, public WorkHandler {
 public:
  AgentDriver(AgentDriverConfig config, AgentParts parts);
  ~AgentDriver() override;

  void Start();
  void Stop();
  // Another client.toml, checked: its policy, data sets and heartbeat are in force at once, and every job is
  // judged again. Site, address, files, privacy domains and the sandbox stay as they were until the next
  // start.
  void Reload(ClientConfig client);
  void OnTimer(TimerId id);

  // A local command as JSON, and its answer: agent_admin.h has the grammar. `actor` goes to the audit log.
  std::string HandleAdmin(const std::string& request, const std::string& actor);

  // From any thread.
  void OnOpen() override;
  void OnMessage(ServerMessage message) override;
  void OnClose(Status reason) override;
  void OnProgress(WorkProgress progress) override;
  void OnDone(Result<WorkResult> result) override;

 private:
  static constexpr TimerId kStatusTimer{8}, kDrainTimer{9};

  struct Piece {  // what the worker is at
    RoundKey key;
    RoundKind kind = RoundKind::kTrain;
    UpdateLayout layout;
    bool is_killed = false;
    std::shared_ptr<const RingTerms> ring;
    std::shared_ptr<EgressClearance> clearance;
  };

  void Handle(AgentEvent event);
  std::optional<Status> PerformAll();  // the error of a record that did not become durable
  std::optional<Status> PerformDurably(const AgentAction& action);
  void Perform(OpenChannel&&);
  void Perform(CloseChannel&&);
  void Perform(SendToServer&& action);
  void Perform(LearnJob&& action);
  void Perform(ChargePrivacy&& action);
  void Perform(StartWork&& action);
  void Perform(KillWork&&);
  void Perform(BeginMasking&& action);
  void Perform(StepMasking&& action);
  void Perform(MaskInput&& action);
  void Perform(EndMasking&& action);
  void Perform(SetAgentTimer&& action);
  void Perform(CancelAgentTimer&& action);
  void Perform(EmitEvent&& action);
  void FinishWork(Result<WorkResult> result);
  void SealOnLane(const Piece& piece, WorkResult work);
  void ContributeOnLane(const Piece& piece, WorkResult work);
  void MaskOnLane(RoundKey key, std::function<Result<MaskingStep>()> step);
  void PinRoster(RoundPlan& plan);
  void EndIfQuiet();
  void End(const Status& reason);
  void NoteChange();
  void WriteStatus();
  std::string DescribeNow() const;
  Status CheckBudget(const std::string& digest) const;
  Status Decide(const std::string& job, ApprovalDecision decision, const std::string& actor);

  AgentDriverConfig config_;
  AgentParts parts_;
  AgentConfig agent_config_;
  ClientAgent agent_;
  AgentActions actions_;
  std::optional<Piece> piece_;
  std::optional<StartWork> next_;  // waits for a killed piece to end
  std::optional<WallTime> last_contact_;
  Status last_store_error_;
  bool is_channel_open_ = false;
  bool is_stopping_ = false;
  bool has_ended_ = false;
  bool is_status_due_ = false;
};

}  // namespace cairn

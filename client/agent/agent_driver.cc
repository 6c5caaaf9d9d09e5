#include "client/agent/agent_driver.h"

#include <utility>

#include "client/agent/agent_admin.h"
#include "core/base/log.h"
#include "core/runtime/files.h"

namespace cairn {
namespace {

AgentConfig AgentConfigOf(const AgentDriverConfig& config) {
  AgentConfig agent;
  agent.policy = config.client.policy;
  agent.dataset_toml = config.client.dataset_toml;
  agent.software = config.software;
  agent.heartbeat_longest = config.client.heartbeat;
  return agent;
}

AgentIdentity IdentityOf(const AgentDriverConfig& config, const AgentParts& parts) {
  return {config.client.site, 0, parts.privacy};
}

DomainEvent::Level LevelOf(const EmitEvent& event) {
  if (event.name == "blocked" || event.name == "store_failed") return DomainEvent::Level::kError;
  if (event.error == errors::kSecAggContradiction) return DomainEvent::Level::kError;
  if (event.error == errors::kPrivacyLedgerBroken) return DomainEvent::Level::kError;
  const bool is_warning = event.error.value != 0 || event.name == "updates_leave_unmasked" ||
                          event.name == "group_sums_are_readable";
  return is_warning ? DomainEvent::Level::kWarning : DomainEvent::Level::kInfo;
}

DomainEvent DomainEventOf(EmitEvent&& event) {
  DomainEvent out{LevelOf(event), "agent." + std::string(event.name), {}};
  const auto number = [&](const char* name, std::uint64_t value) {
    if (value != 0) out.fields.emplace_back(name, static_cast<std::int64_t>(value));
  };
  number("job", event.key.job.value);
  number("round", event.key.round.value);
  number("attempt", event.key.attempt);
  if (event.error.value != 0) out.fields.emplace_back("id", ToString(event.error));
  if (!event.detail.empty()) out.fields.emplace_back("detail", std::move(event.detail));
  return out;
}

}  // namespace

AgentDriver::AgentDriver(AgentDriverConfig config, AgentParts parts)
    : config_(std::move(config)),
      parts_(std::move(parts)),
      agent_config_(AgentConfigOf(config_)),
      agent_(agent_config_, IdentityOf(config_, parts_), parts_.random) {}

AgentDriver::~AgentDriver() = default;

// ---- events in

void AgentDriver::Start() {
  if (parts_.roster != nullptr) agent_config_.masking = parts_.roster->identity();
  agent_ =
      ClientAgent::Restore(agent_config_, IdentityOf(config_, parts_), parts_.random, parts_.store.Load());
  Handle(AgentStarted{});
}

void AgentDriver::Stop() {
  if (is_stopping_) return;
  is_stopping_ = true;
  parts_.timers.Set(kDrainTimer, parts_.clock.Now() + config_.drain_patience);
  Handle(AgentStopRequested{});
}

void AgentDriver::Reload(ClientConfig client) {
  config_.client.policy = std::move(client.policy);
  config_.client.dataset_toml = std::move(client.dataset_toml);
  config_.client.heartbeat = client.heartbeat;
  agent_config_ = AgentConfigOf(config_);
  if (parts_.roster != nullptr) agent_config_.masking = parts_.roster->identity();
  Handle(PolicyChanged{});
}

void AgentDriver::OnTimer(TimerId id) {
  if (id == kDrainTimer) return End({});
  if (id != kStatusTimer) return Handle(AgentTimerFired{id});
  is_status_due_ = false;
  WriteStatus();
}

void AgentDriver::OnOpen() {
  parts_.post([this] { Handle(ChannelOpened{}); });
}

void AgentDriver::OnMessage(ServerMessage message) {
  // std::function copies what it holds, so what cannot be copied cheaply travels behind a pointer.
  auto held = std::make_shared<ServerMessage>(std::move(message));
  parts_.post([this, held] {
    last_contact_ = parts_.wall_clock.Now();
    if (auto* plan = std::get_if<RoundPlan>(held.get()); plan != nullptr && plan->masking.has_value())
      PinRoster(*plan);
    Handle(ServerSaid{std::move(*held)});
  });
}

// The file is believed because the federation's root signed it, not because the aggregator sent it.
void AgentDriver::PinRoster(RoundPlan& plan) {
  if (parts_.roster == nullptr) return;
  plan.masking->roster_fault = parts_.roster->Pin(AsBytes(plan.masking->roster), parts_.wall_clock.Now());
  agent_config_.masking = parts_.roster->identity();
}

void AgentDriver::OnClose(Status reason) {
  parts_.post([this, reason] {
    is_channel_open_ = false;
    Handle(ChannelClosed{reason});
  });
}

void AgentDriver::OnProgress(WorkProgress progress) {
  parts_.post([this, progress] {
    if (piece_.has_value() && !piece_->is_killed) Handle(WorkProgressed{piece_->key, progress.steps_done});
  });
}

void AgentDriver::OnDone(Result<WorkResult> result) {
  auto held = std::make_shared<Result<WorkResult>>(std::move(result));
  parts_.post([this, held] { FinishWork(std::move(*held)); });
}

void AgentDriver::FinishWork(Result<WorkResult> result) {
  CAIRN_CHECK(piece_.has_value(), "a worker reports the end of work once");
  const Piece piece = *std::exchange(piece_, std::nullopt);
  if (!piece.is_killed) {
    if (result.ok() && piece.ring != nullptr) {
      ContributeOnLane(piece, std::move(*result));
    } else if (result.ok()) {
      SealOnLane(piece, std::move(*result));
    } else {
      Handle(WorkDone{piece.key, std::move(result).status()});
    }
  }
  // What was asked for last goes on, now that the worker is free.
  if (auto next = std::exchange(next_, std::nullopt)) Perform(std::move(*next));
  EndIfQuiet();
}

void AgentDriver::SealOnLane(const Piece& piece, WorkResult work) {
  auto held = std::make_shared<WorkResult>(std::move(work));
  const EgressGuard guard(EgressGuard::Limits::Of(agent_config_.policy));
  parts_.lanes.SubmitAny([this, piece, held, guard](std::size_t) {
    auto sealed = std::make_shared<Result<SealedReport>>(
        guard.Seal(std::move(*piece.clearance), piece.kind, std::move(*held), piece.layout));
    if (sealed->ok()) {
      if (Status status = parts_.store.Spool(**sealed); !status.ok())
        *sealed = Result<SealedReport>(std::move(status));
    }
    parts_.post([this, piece, sealed] {
      const bool is_wanted = agent_.is_working() && agent_.working_on() == piece.key;
      if (!is_wanted) return parts_.store.Discard(piece.key);
      Handle(WorkDone{piece.key, std::move(*sealed)});
    });
  });
}

// The vector of a masked round, not yet masked: it stays here, in memory alone.
void AgentDriver::ContributeOnLane(const Piece& piece, WorkResult work) {
  auto held = std::make_shared<WorkResult>(std::move(work));
  const EgressGuard guard(EgressGuard::Limits::Of(agent_config_.policy));
  parts_.lanes.SubmitAny([this, piece, held, guard](std::size_t) {
    using Contribution = std::shared_ptr<SealedContribution>;
    NoiseBits noise = NoiseBits::FromSystem();  // of this attempt alone
    auto made = guard.Contribute(std::move(*piece.clearance), piece.kind, std::move(*held), piece.layout,
                                 piece.ring->layout, piece.ring->encode, &noise);
    auto ready = std::make_shared<Result<Contribution>>(
        made.ok() ? Result<Contribution>(std::make_shared<SealedContribution>(std::move(*made)))
                  : Result<Contribution>(made.status()));
    parts_.post([this, piece, ready] { Handle(ContributionReady{piece.key, std::move(*ready)}); });
  });
}

// In the order asked for: the lanes of a site are one.
void AgentDriver::MaskOnLane(RoundKey key, std::function<Result<MaskingStep>()> step) {
  CAIRN_CHECK(parts_.masking != nullptr, "a masked round was joined without a desk for it");
  parts_.lanes.Submit(0, [this, key, step = std::move(step)](std::size_t) {
    auto done = std::make_shared<Result<MaskingStep>>(step());
    parts_.post([this, key, done] { Handle(MaskingStepped{key, std::move(*done)}); });
  });
}

void AgentDriver::Perform(BeginMasking&& action) {
  const RoundKey key = action.key;
  MaskOnLane(key, [desk = parts_.masking, begin = std::move(action)] { return desk->Begin(begin); });
}

void AgentDriver::Perform(StepMasking&& action) {
  const RoundKey key = action.key;
  MaskOnLane(key, [desk = parts_.masking, step = std::move(action)] { return desk->Step(step); });
}

void AgentDriver::Perform(MaskInput&& action) {
  parts_.lanes.Submit(0, [this, input = std::move(action)](std::size_t) {
    auto masked = std::make_shared<Result<SealedReport>>(parts_.masking->Mask(
        input, [this](const SealedReport& report) { return parts_.store.Spool(report); }));
    parts_.post([this, key = input.key, masked] { Handle(InputMasked{key, std::move(*masked)}); });
  });
}

void AgentDriver::Perform(EndMasking&& action) {
  parts_.lanes.Submit(0, [desk = parts_.masking, key = action.key](std::size_t) { desk->End(key); });
}

// ---- actions out

void AgentDriver::Handle(AgentEvent event) {
  std::optional<AgentEvent> next(std::move(event));
  while (next.has_value()) {
    actions_.clear();
    agent_.Step(parts_.clock.Now(), std::move(*next), actions_);
    next.reset();
    if (auto failure = PerformAll()) {
      last_store_error_ = *failure;
      next.emplace(AgentActionFailed{std::move(*failure)});
    }
  }
  NoteChange();
  if (agent_.state() == AgentState::kBlocked) End(agent_.blocked_by());
  EndIfQuiet();
}

// None for an action of another kind.
std::optional<Status> AgentDriver::PerformDurably(const AgentAction& action) {
  if (const auto* persist = std::get_if<PersistAgent>(&action)) return parts_.store.Apply(persist->record);
  if (const auto* reveal = std::get_if<RevealPrivacy>(&action)) {
    CAIRN_CHECK(parts_.privacy != nullptr, "a private job was accepted without a desk for it");
    return parts_.privacy->Reveal(reveal->key);
  }
  return std::nullopt;
}

std::optional<Status> AgentDriver::PerformAll() {
  for (AgentAction& action : actions_) {
    if (const std::optional<Status> record = PerformDurably(action); record.has_value()) {
      if (!record->ok()) return record;
      continue;
    }
    std::visit(
        [this](auto&& a) {
          using T = std::decay_t<decltype(a)>;
          if constexpr (!std::is_same_v<T, PersistAgent> && !std::is_same_v<T, RevealPrivacy>)
            Perform(std::move(a));
        },
        std::move(action));
  }
  return std::nullopt;
}

// On disk when the permit exists. The agent hears of it in its own turn: it is in the middle of a list.
void AgentDriver::Perform(ChargePrivacy&& action) {
  CAIRN_CHECK(parts_.privacy != nullptr, "a private job was accepted without a desk for it");
  auto charged = std::make_shared<Result<ReleasePermit>>(parts_.privacy->Charge(action.charge));
  parts_.post([this, key = action.key, charged] { Handle(PrivacyCharged{key, std::move(*charged)}); });
}

void AgentDriver::Perform(OpenChannel&&) {
  is_channel_open_ = true;
  parts_.channel.Open(*this);
}

void AgentDriver::Perform(CloseChannel&&) { parts_.channel.Close(); }
void AgentDriver::Perform(SendToServer&& action) { parts_.channel.Send(std::move(action.message)); }
void AgentDriver::Perform(LearnJob&& action) {
  parts_.channel.LearnJob(action.job->manifest->id, action.job->spec);
}

void AgentDriver::Perform(StartWork&& action) {
  if (piece_.has_value()) {
    next_ = std::move(action);
    return;
  }
  Piece piece{action.key, action.request.kind,    {},
              false,      std::move(action.ring), std::move(action.clearance)};
  for (const ClientAgent::Job& job : agent_.jobs()) {
    if (job.id == action.key.job) piece.layout = job.offered->layout;
  }
  piece_ = piece;
  parts_.worker.Start(std::move(action.request), *this);
}

void AgentDriver::Perform(KillWork&&) {
  next_.reset();
  if (!piece_.has_value() || piece_->is_killed) return;
  piece_->is_killed = true;
  parts_.worker.Kill();
}

void AgentDriver::Perform(SetAgentTimer&& action) { parts_.timers.Set(action.timer, action.at); }
void AgentDriver::Perform(CancelAgentTimer&& action) { parts_.timers.Cancel(action.timer); }
void AgentDriver::Perform(EmitEvent&& action) { parts_.events.Emit(DomainEventOf(std::move(action))); }

// ---- the end

void AgentDriver::EndIfQuiet() {
  const bool is_quiet = !is_channel_open_ && !piece_.has_value();
  if (is_stopping_ && is_quiet && agent_.state() == AgentState::kStopped) End({});
}

void AgentDriver::End(const Status& reason) {
  if (std::exchange(has_ended_, true)) return;
  parts_.timers.Cancel(kDrainTimer);
  parts_.timers.Cancel(kStatusTimer);
  WriteStatus();
  if (parts_.on_ended) parts_.on_ended(reason);
}

// ---- for people

void AgentDriver::NoteChange() {
  if (config_.status_file.empty() || is_status_due_ || has_ended_) return;
  is_status_due_ = true;
  parts_.timers.Set(kStatusTimer, parts_.clock.Now() + config_.status_pause);
}

std::string AgentDriver::DescribeNow() const {
  const WallTime now = parts_.wall_clock.Now();
  const WallTime today = std::chrono::floor<std::chrono::days>(now);
  return DescribeStatus({agent_, config_.client, now, last_contact_, parts_.store.EgressSince(today),
                         parts_.store.Stopped(), parts_.privacy});
}

void AgentDriver::WriteStatus() {
  if (config_.status_file.empty()) return;
  const Status status = WriteFileAtomically(config_.status_file, DescribeNow(), 0640);
  if (!status.ok())
    Log(LogLevel::kWarning, "agent", "the status page was not written", {{"why", status.ToString()}});
}

Status AgentDriver::Decide(const std::string& job, ApprovalDecision decision, const std::string& actor) {
  CAIRN_ASSIGN_OR_RETURN(std::string digest, FindDigest(agent_.jobs(), job));
  if (decision == ApprovalDecision::kApproved) {
    CAIRN_RETURN_IF_ERROR(agent_.CheckNotStopped(digest));
    CAIRN_RETURN_IF_ERROR(CheckBudget(digest));
  }
  last_store_error_ = {};
  Handle(ApprovalChanged{std::move(digest), decision, actor});
  return last_store_error_;
}

// A yes that the ledger would not honour is refused while the person is still there.
Status AgentDriver::CheckBudget(const std::string& digest) const {
  for (const ClientAgent::Job& job : agent_.jobs()) {
    if (job.offered == nullptr || job.offered->manifest->digest != digest) continue;
    const JobManifest& manifest = *job.offered->manifest;
    if (manifest.spec.privacy && parts_.privacy != nullptr) return parts_.privacy->Weigh(manifest);
  }
  return {};
}

std::string AgentDriver::HandleAdmin(const std::string& request, const std::string& actor) {
  Result<AdminRequest> parsed = ParseAdminRequest(request);
  if (!parsed.ok()) return AdminError(parsed.status());
  switch (parsed->verb) {
    case AdminRequest::Verb::kStatus:
      return AdminAnswer(DescribeNow());
    case AdminRequest::Verb::kJobs:
      return AdminAnswer(DescribeJobs(agent_.jobs(), parts_.privacy));
    case AdminRequest::Verb::kApprove:
    case AdminRequest::Verb::kDeny:
    case AdminRequest::Verb::kWithdraw:
      break;
  }
  const Status status = Decide(parsed->job, DecisionOf(parsed->verb), actor);
  return status.ok() ? AdminAnswer(DescribeJobs(agent_.jobs(), parts_.privacy)) : AdminError(status);
}

}  // namespace cairn

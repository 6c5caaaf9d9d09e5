#include <algorithm>

#include "client/agent/agent_reaction.h"

// The connection: open, greet, heartbeat, retry with full jitter, stop.

namespace cairn {
namespace {

constexpr std::uint32_t kSlowest = 20;  // failures from which on the delay no longer grows

Retry RetryClassOf(ErrorId id) {
  const ErrorEntry* entry = FindError(id);
  return entry == nullptr ? Retry::kRetry : entry->retry;
}

std::string VersionRange(std::uint32_t least, std::uint32_t most) {
  return std::to_string(least) + " to " + std::to_string(most);
}

Status StatusOf(const Refusal& refusal) {
  if (ErrorId{refusal.reason_id} == errors::kNetVersion) {
    return Status(errors::kNetVersion, "the aggregator speaks protocol " +
                                           VersionRange(refusal.protocol_min, refusal.protocol_max) +
                                           ", this site " + VersionRange(kProtocolMin, kProtocolMax));
  }
  return Status(ErrorId{refusal.reason_id}, "the aggregator refused this site: " + refusal.reason);
}

// With full jitter the delay is uniform below a ceiling that doubles (Brooker, "Exponential Backoff
// And Jitter", AWS 2015): a thousand sites that lost one server come back spread out.
Duration RetryCeiling(const AgentConfig& config, std::uint32_t failures, Retry retry) {
  if (retry != Retry::kRetry || failures >= kSlowest) return config.retry_longest;
  return std::min(config.retry_longest, config.retry_first * (std::int64_t{1} << failures));
}

}  // namespace

void ClientAgent::Reaction::Open() {
  agent.state_ = AgentState::kOpening;
  out.emplace_back(OpenChannel{});
  out.emplace_back(SetAgentTimer{kLinkTimer, now + agent.config_->welcome_timeout});
}

void ClientAgent::Reaction::On(AgentStarted&&) {
  if (agent.state_ == AgentState::kIdle) Open();
}

void ClientAgent::Reaction::On(ChannelOpened&&) {
  if (agent.state_ != AgentState::kOpening) return;
  agent.state_ = AgentState::kGreeting;
  Hello hello;
  hello.software = agent.config_->software;
  hello.site = agent.identity_.site;
  hello.capabilities = agent.config_->capabilities;
  out.emplace_back(SendToServer{std::move(hello)});
}

void ClientAgent::Reaction::Heard(Welcome&& welcome) {
  if (welcome.protocol < kProtocolMin || welcome.protocol > kProtocolMax) {
    Block(Status(errors::kNetVersion, "the aggregator chose protocol " + std::to_string(welcome.protocol) +
                                          ", this site speaks " + VersionRange(kProtocolMin, kProtocolMax)));
    return;
  }
  agent.state_ = AgentState::kConnected;
  agent.failures_ = 0;
  agent.heartbeat_ = welcome.heartbeat;
  const Duration longest = agent.config_->heartbeat_longest;
  if (agent.heartbeat_ > Duration{0} && longest > Duration{0})
    agent.heartbeat_ = std::min(agent.heartbeat_, longest);
  out.emplace_back(CancelAgentTimer{kLinkTimer});
  if (agent.heartbeat_ > Duration{0})
    out.emplace_back(SetAgentTimer{kHeartbeatTimer, now + agent.heartbeat_});
  Emit("connected");
}

void ClientAgent::Reaction::Heard(Refusal&& refusal) {
  Status reason = StatusOf(refusal);
  const Retry retry = RetryClassOf(reason.id());
  if (retry == Retry::kPermanent) return Block(std::move(reason));
  if (retry == Retry::kRetrySlowly) agent.failures_ = kSlowest;
  GiveUpChannel(std::move(reason));
}

void ClientAgent::Reaction::Block(Status reason) {
  if (is_connected()) out.emplace_back(CancelAgentTimer{kHeartbeatTimer});
  out.emplace_back(CancelAgentTimer{kLinkTimer});
  out.emplace_back(CloseChannel{});
  Emit("blocked", {}, reason.id(), reason.what());
  agent.state_ = AgentState::kBlocked;
  agent.blocked_by_ = std::move(reason);
}

void ClientAgent::Reaction::GiveUpChannel(Status reason) {
  if (is_connected()) out.emplace_back(CancelAgentTimer{kHeartbeatTimer});
  agent.state_ = AgentState::kClosing;
  out.emplace_back(CancelAgentTimer{kLinkTimer});
  out.emplace_back(CloseChannel{});
  Emit("channel_given_up", {}, reason.id(), reason.what());
}

void ClientAgent::Reaction::On(ChannelClosed&& event) {
  switch (agent.state_) {
    case AgentState::kIdle:
    case AgentState::kWaiting:
    case AgentState::kBlocked:
    case AgentState::kStopped:
      return;
    case AgentState::kConnected:
      out.emplace_back(CancelAgentTimer{kHeartbeatTimer});
      break;
    case AgentState::kOpening:
    case AgentState::kGreeting:
    case AgentState::kClosing:
      break;
  }
  const ErrorId id = event.reason.id();
  Emit("channel_closed", {}, id, event.reason.ok() ? std::string() : event.reason.what());
  // The aggregator's word on who we are may come as a Refusal or as the end of the stream, whichever is
  // first.
  const bool greeted = agent.state_ == AgentState::kOpening || agent.state_ == AgentState::kGreeting;
  if (greeted && id.value / 100 == 31 && RetryClassOf(id) == Retry::kPermanent)
    return Block(std::move(event.reason));
  WaitToRetry(event.reason.ok() ? Retry::kRetry : RetryClassOf(id));
}

void ClientAgent::Reaction::WaitToRetry(Retry retry) {
  agent.state_ = AgentState::kWaiting;
  const Duration ceiling = RetryCeiling(*agent.config_, agent.failures_++, retry);
  RandomStream stream = agent.random_->Open({Purpose::kRetry, agent.reconnects_++, agent.identity_.label});
  const auto delay =
      Duration{static_cast<std::int64_t>(stream.Uniform() * static_cast<double>(ceiling.count()))};
  out.emplace_back(SetAgentTimer{kLinkTimer, now + delay});
}

void ClientAgent::Reaction::On(AgentTimerFired&& event) {
  if (event.timer == kHeartbeatTimer) {
    if (!is_connected() || agent.heartbeat_ <= Duration{0}) return;
    // That work goes on, not how many steps it is: those would tell how many rows there are.
    if (agent.is_working_ && agent.steps_done_ > agent.steps_told_) {
      agent.steps_told_ = agent.steps_done_;
      ++agent.progress_;
    }
    Send(
        Heartbeat{agent.is_working_ ? agent.work_key_ : RoundKey{}, agent.is_working_ ? agent.progress_ : 0});
    out.emplace_back(SetAgentTimer{kHeartbeatTimer, now + agent.heartbeat_});
    return;
  }
  if (event.timer != kLinkTimer) return;
  if (agent.state_ == AgentState::kWaiting) return Open();
  if (agent.state_ == AgentState::kOpening || agent.state_ == AgentState::kGreeting) {
    GiveUpChannel(Status(errors::kNetLost, "the aggregator did not answer the greeting in time"));
  }
}

void ClientAgent::Reaction::On(ServerSaid&& event) {
  if (auto* welcome = std::get_if<Welcome>(&event.message)) {
    if (agent.state_ == AgentState::kGreeting) Heard(std::move(*welcome));
    return;
  }
  if (auto* refusal = std::get_if<Refusal>(&event.message)) {
    if (agent.state_ == AgentState::kGreeting || is_connected()) Heard(std::move(*refusal));
    return;
  }
  if (!is_connected())
    return;  // in flight while we closed, or said before the Welcome: no session, no meaning
  std::visit(
      [this](auto&& message) {
        using T = std::decay_t<decltype(message)>;
        if constexpr (!std::is_same_v<T, Welcome> && !std::is_same_v<T, Refusal>) Heard(std::move(message));
      },
      std::move(event.message));
}

void ClientAgent::Reaction::On(AgentStopRequested&&) {
  const AgentState before = agent.state_;
  if (before == AgentState::kStopped) return;
  if (agent.is_working_) out.emplace_back(KillWork{});
  agent.is_working_ = false;
  for (Job& job : agent.jobs_) job.waiting.reset();
  out.emplace_back(CancelAgentTimer{kLinkTimer});
  out.emplace_back(CancelAgentTimer{kHeartbeatTimer});
  const bool has_channel =
      before == AgentState::kOpening || before == AgentState::kGreeting || before == AgentState::kConnected;
  if (has_channel) out.emplace_back(CloseChannel{});
  agent.state_ = AgentState::kStopped;
  Emit("stopped");
}

}  // namespace cairn

#include "client/agent/client_agent.h"

#include <algorithm>
#include <utility>

#include "client/agent/agent_reaction.h"

namespace cairn {

ClientAgent::ClientAgent(const AgentConfig& config, AgentIdentity identity, const RandomSource& random)
    : config_(&config), random_(&random), identity_(std::move(identity)) {}

ClientAgent::~ClientAgent() = default;

ClientAgent ClientAgent::Restore(const AgentConfig& config, AgentIdentity identity,
                                 const RandomSource& random, AgentSnapshot snapshot) {
  ClientAgent agent(config, std::move(identity), random);
  agent.approvals_ = std::move(snapshot.approvals);
  agent.stopped_ = std::move(snapshot.stopped);
  for (OfferedJobHandle& offered : snapshot.accepted_jobs) {
    Job& job = agent.jobs_.emplace_back();
    job.id = offered->manifest->id;
    job.offered = std::move(offered);
    job.answer = JobAnswer::kAccept;
  }
  for (SealedReportHandle& report : snapshot.reports) {
    const JobId id = report->content().key.job;
    Job* known = nullptr;
    for (Job& job : agent.jobs_) {
      if (job.id == id) known = &job;
    }
    if (known == nullptr) {
      known = &agent.jobs_.emplace_back();
      known->id = id;
    }
    known->held = std::move(report);
  }
  if (snapshot.is_connected) {
    agent.state_ = AgentState::kConnected;
    agent.heartbeat_ = snapshot.heartbeat;
  }
  return agent;
}

Status ClientAgent::CheckNotStopped(const std::string& digest) const {
  const auto stopped = std::ranges::find(stopped_, digest, &StoppedJob::digest);
  if (stopped == stopped_.end()) return {};
  const RoundKey& key = stopped->key;
  return Status(errors::kSecAggContradiction, "in round " + std::to_string(key.round.value) + ", attempt " +
                                                  std::to_string(key.attempt) +
                                                  ", the aggregator contradicted itself");
}

void ClientAgent::Step(TimePoint now, AgentEvent event, AgentActions& out) {
  Reaction reaction{*this, now, out};
  if (!std::holds_alternative<AgentActionFailed>(event)) unproven_ = Unproven::kNothing;
  std::visit([&](auto&& e) { reaction.On(std::forward<decltype(e)>(e)); }, std::move(event));
}

}  // namespace cairn

// Clients that fall silent: which message is their last, and what becomes of them.
#include <algorithm>
#include <limits>

#include "privacy/secagg/shared/graph.h"
#include "privacy/secagg/shared/terms.h"
#include "protocol/messages/masked_layout.h"
#include "simulation/engine/sim_agent.h"

namespace cairn {

// Drawn once an attempt, when its plan arrives.
void SimDriver::FixDropOut(Agent& agent, const RoundKey& key) {
  if (agent.invited_to == key) return;
  agent.invited_to = key;
  agent.drop_out = config_.drop_outs.Of(random_, key.round, key.attempt, {agent.client});
  if (key != lost_in_) lost_ = 0;
  lost_in_ = key;
  if (agent.drop_out.has_value()) ++lost_;
}

bool SimDriver::FallsSilentOn(Agent& agent, const ServerMessage& message) {
  using Place = DropOutModel::Place;
  if (const auto* plan = std::get_if<RoundPlan>(&message)) {
    FixDropOut(agent, plan->key);
    if (masking_ != nullptr) return agent.drop_out == Place::kBeforeKeys;
    return agent.drop_out.has_value() && *agent.drop_out != Place::kAfterVector;
  }
  const auto* masking = std::get_if<MaskingToClient>(&message);
  if (masking == nullptr || masking->key != agent.invited_to) return false;
  if (std::holds_alternative<secagg::CohortMessage>(masking->body))
    return agent.drop_out == Place::kBeforeShares;
  if (std::holds_alternative<secagg::DeliveryMessage>(masking->body))
    return agent.drop_out == Place::kBeforeVector;
  return std::holds_alternative<secagg::SurvivorsMessage>(masking->body) &&
         agent.drop_out == Place::kAfterVector;
}

void SimDriver::Lose(Agent& agent) {
  agent.drop_out.reset();
  agent.is_silent = true;
  StopWork(agent.client);
  agent.channel->Close();
}

// What the masking would ask for: keys of more than half of a job of all, and vectors of more than two thirds
// of those whose keys there were. Who is lost after its vector comes back in time to open the sum.
std::size_t SimDriver::LeastReports(const RoundKey& key, const std::vector<ClientId>& invited) const {
  const JobSpec& spec = parts_.manifest->spec;
  const auto has_keys = [&](ClientId client) {
    return config_.drop_outs.Of(random_, key.round, key.attempt, client) != DropOutModel::Place::kBeforeKeys;
  };
  const auto with_keys = static_cast<std::size_t>(std::ranges::count_if(invited, has_keys));
  std::size_t all = spec.cohort.min_clients;
  if (const auto& groups = engine_->groups(); groups.has_value() && !invited.empty())
    all = groups->Sites(*groups->IndexOf(parts_.clients[invited.front().value].site)).size();
  if (spec.cohort.target == 0 && 2 * with_keys <= all) return std::numeric_limits<std::size_t>::max();
  std::uint32_t least = SmallestMaskedCohort(spec);
  if (LargestCohort(spec) > secagg::kMaxComplete)
    least = std::max<std::uint32_t>(least, secagg::kMaxComplete + 1);
  return secagg::SmallestSurvivors(with_keys, {.min_cohort = least});
}

}  // namespace cairn

#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/agent/agent_journal.h"
#include "client/agent/client_agent.h"
#include "client/policy/client_config.h"
#include "core/base/result.h"

// What local commands and people see of an agent, as JSON.
//
//   request := {"command": "status" | "jobs"} | {"command": "approve" | "deny" | "withdraw", "job": JOB}
//   answer  := {"status": "ok", "data": {…}}
//            | {"status": "error", "error": {"id", "what", "why", "mend"}}
//
// JOB is a job's number, its name, or at least six digits of its manifest's digest, which alone says
// which terms are meant.

namespace cairn {

struct AdminRequest {
  enum class Verb : std::uint8_t { kStatus, kJobs, kApprove, kDeny, kWithdraw };
  Verb verb = Verb::kStatus;
  std::string job;  // of the last three
};

Result<AdminRequest> ParseAdminRequest(const std::string& json);  // kUsage
std::string AdminAnswer(const std::string& data_json);
std::string AdminError(const Status& status);
ApprovalDecision DecisionOf(AdminRequest::Verb verb);  // of the last three

// The digest of the one job meant; kJobUnknown for none or more than one.
Result<std::string> FindDigest(std::span<const ClientAgent::Job> jobs, const std::string& job);

// {"jobs": [{id, name, digest, submitter, dataset, answer, reason, bytes_a_round, rounds, masked, …}]}; of a
// private one also {"privacy": {unit, mechanism, clip, noise_multiplier, domain, epsilon, epsilon_after, cap,
// …}}.
std::string DescribeJobs(std::span<const ClientAgent::Job> jobs, const PrivacyDesk* privacy);

struct AgentStatusView {
  const ClientAgent& agent;
  const ClientConfig& config;
  WallTime now;
  std::optional<WallTime> last_contact;
  std::vector<JournalEntry> left_today;
  std::vector<StoppedJob> stopped;  // for good, since their aggregator contradicted itself
  const PrivacyDesk* privacy = nullptr;
};
// The whole status page: who, connected or why not, work, jobs, what left today (UTC), and what is held
// against the aggregator.
std::string DescribeStatus(const AgentStatusView& view);

}  // namespace cairn

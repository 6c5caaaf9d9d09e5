#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/agent/agent_messages.h"
#include "client/agent/privacy_desk.h"
#include "client/policy/site_policy.h"
#include "core/base/random.h"

namespace cairn {

// How long a sealed report is kept for sending again.
enum class ReportKeeping : std::uint8_t {
  kUntilClosed = 1,  // persisted before it is sent, kept until the attempt is over
  kUntilSent = 2,    // moved into the message: for channels that cannot lose one
};

// What agents of one process have in common. Borrowed by every agent; whoever changes it between two
// Steps says PolicyChanged.
struct AgentConfig {
  SitePolicy policy;
  std::optional<MaskingIdentity> masking;           // none: no masked round can be taken part in
  std::map<std::string, std::string> dataset_toml;  // name → the site's [dataset.NAME] table, for the worker
  std::string software = "cairn";
  std::vector<std::string> capabilities = {"f32"};
  ReportKeeping keeping = ReportKeeping::kUntilClosed;
  Duration retry_first = std::chrono::seconds(1);
  Duration retry_longest = std::chrono::minutes(2);
  Duration welcome_timeout = std::chrono::seconds(30);  // from OpenChannel to Welcome
  Duration heartbeat_longest{0};  // a shorter one than the server asks for; 0: as the server asks
};

// Which participant an agent is. The label opens its random streams.
struct AgentIdentity {
  std::string site;
  std::uint64_t label = 0;  // below 2^32
  // Weighed and priced here, charged by the driver alone; null: no private job can be taken part in. Outlives
  // the agent.
  const PrivacyDesk* privacy = nullptr;
};

// What an agent starts from: nothing, what its store kept, or a session known to be up.
struct AgentSnapshot {
  std::vector<JobApproval> approvals;
  std::vector<SealedReportHandle> reports;
  std::vector<OfferedJobHandle> accepted_jobs;
  std::vector<StoppedJob> stopped;
  bool is_connected = false;  // past the Welcome: the agent goes on without opening a channel
  Duration heartbeat{0};      // of that session
};

enum class AgentState : std::uint8_t {
  kIdle = 1,  // before AgentStarted
  kOpening,   // a channel was asked for
  kGreeting,  // Hello sent
  kConnected,
  kClosing,  // the channel was told to close; opens again after a pause
  kWaiting,  // for the retry timer
  kBlocked,  // refused for a reason that a retry does not mend
  kStopped,
};

// One site's side of the conversation, sans IO: reconnects, answers offers by the site's policy,
// has plans worked on one at a time, and sees to it that a sealed report is durable before it is
// sent and sent again, not computed again, when it is asked for twice. A job whose aggregator contradicted
// itself is stopped here for good; others go on.
//
//   ClientAgent agent(config, {"site-a", 7}, random);
//   agent.Step(now, AgentStarted{}, actions);       // → OpenChannel, SetAgentTimer
//
// The driver performs the actions in list order and hands events back one at a time. One StartWork is
// in force at any moment; a StartWork after KillWork waits for the killed work to end.
// No thread, clock or file; a Step is bookkeeping, independent of model size. Not thread-safe.
// The references given must outlive the agent.
class ClientAgent {
 public:
  static constexpr TimerId kLinkTimer{1};  // retry, or the Welcome that did not come
  static constexpr TimerId kHeartbeatTimer{2};

  ClientAgent(const AgentConfig& config, AgentIdentity identity, const RandomSource& random);
  static ClientAgent Restore(const AgentConfig& config, AgentIdentity identity, const RandomSource& random,
                             AgentSnapshot snapshot);
  ClientAgent(ClientAgent&&) noexcept = default;
  ClientAgent& operator=(ClientAgent&&) noexcept = default;
  ~ClientAgent();

  void Step(TimePoint now, AgentEvent event, AgentActions& out);

  // ---- for the driver's status page

  struct MaskedAttempt {
    RoundKey key;
    std::shared_ptr<SealedContribution> contribution;  // waits for the shares
    bool can_mask = false;
    bool is_masking = false;
  };

  // A job the aggregator offered and what the site answered.
  struct Job {
    JobId id;
    OfferedJobHandle offered;  // null: only a report of it was restored
    JobAnswer answer = JobAnswer::kDecline;
    bool is_answered = false;
    bool is_receipted = false;  // of held: the aggregator has it
    ErrorId reason;             // of an answer that is no accept
    SealedReportHandle held;
    std::unique_ptr<RoundPlan> waiting;     // its turn comes when the work of another job ends
    Status uncharged;                       // why the ledger refused a round; the rest of the job is declined
    std::unique_ptr<MaskedAttempt> masked;  // the attempt this site takes part in, where it is masked
  };

  AgentState state() const { return state_; }
  const Status& blocked_by() const { return blocked_by_; }
  std::span<const Job> jobs() const { return jobs_; }
  // OK unless this site takes no further part in the job of this manifest, whatever policy and people say:
  // kSecAggContradiction.
  Status CheckNotStopped(const std::string& digest) const;
  bool is_working() const { return is_working_; }
  RoundKey working_on() const { return work_key_; }  // while is_working
  std::int64_t steps_done() const { return steps_done_; }

 private:
  struct Reaction;  // one Step: agent_reaction.h
  // What the last action list asked to persist, in case that fails.
  enum class Unproven : std::uint8_t { kNothing, kReport, kApproval, kAnswer };

  const AgentConfig* config_;
  const RandomSource* random_;
  AgentIdentity identity_;
  std::vector<Job> jobs_;
  std::vector<JobApproval> approvals_;
  std::vector<StoppedJob> stopped_;
  Status blocked_by_;
  Duration heartbeat_{0};
  RoundKey work_key_;
  RoundKey unproven_key_;
  std::unique_ptr<RoundPlan> uncharged_;          // of work_key_: waits for its charge
  std::int64_t steps_done_ = 0, steps_told_ = 0;  // of the present work
  std::int64_t progress_ = 0;                     // heartbeats in which it got on
  std::uint32_t failures_ = 0;                    // since the last Welcome
  std::uint32_t reconnects_ = 0;                  // counts draws of the retry stream
  AgentState state_ = AgentState::kIdle;
  Unproven unproven_ = Unproven::kNothing;
  bool is_working_ = false;
};

}  // namespace cairn

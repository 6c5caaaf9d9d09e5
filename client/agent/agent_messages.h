#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "client/policy/egress_guard.h"
#include "client/policy/site_policy.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/tensor/update.h"
#include "protocol/messages/messages.h"
#include "protocol/messages/work.h"

// What goes into ClientAgent and what comes out of it.

namespace cairn {

// A manifest with what follows from it, worked out once and shared by every agent of a process.
struct OfferedJob {
  std::shared_ptr<const JobManifest> manifest;
  ParameterSpec spec;
  UpdateLayout layout;

  // kModelSpec when the manifest's tensors are no model; kNetProtocol when there is no manifest.
  static Result<std::shared_ptr<const OfferedJob>> Create(std::shared_ptr<const JobManifest> manifest);
};
using OfferedJobHandle = std::shared_ptr<const OfferedJob>;

// ---- events

struct AgentStarted {};
struct ChannelOpened {};
struct ChannelClosed {
  Status reason;
};
struct ServerSaid {
  ServerMessage message;
};
struct WorkProgressed {
  RoundKey key;
  std::int64_t steps_done = 0;
};
struct WorkDone {  // once a StartWork, also after KillWork (which the agent then ignores)
  RoundKey key;
  Result<SealedReport> report;
};
struct AgentTimerFired {
  TimerId timer;
};
struct ApprovalChanged {
  std::string digest;
  ApprovalDecision decision = ApprovalDecision::kApproved;
  std::string actor = {};
};
struct PolicyChanged {};    // the AgentConfig the agent borrows holds another policy now
struct AgentActionFailed {  // a PersistAgent failed; the rest of its list was dropped
  Status reason;
};
struct AgentStopRequested {};

using AgentEvent =
    std::variant<AgentStarted, ChannelOpened, ChannelClosed, ServerSaid, WorkProgressed, WorkDone,
                 AgentTimerFired, ApprovalChanged, PolicyChanged, AgentActionFailed, AgentStopRequested>;

// ---- records: what is durable before the next action runs

struct ReportSealed {
  SealedReportHandle report;
};
struct ReportReleased {  // nobody will ask for it again
  RoundKey key;
};
struct JobAnswered {  // for the audit log
  JobId job;
  std::string digest;
  JobAnswer answer = JobAnswer::kDecline;
  ErrorId reason;
};

using AgentRecord = std::variant<ReportSealed, ReportReleased, JobAnswered, JobApproval>;

// ---- actions, performed in list order

struct OpenChannel {};
struct CloseChannel {};
struct SendToServer {
  ClientMessage message;
};
struct LearnJob {  // tells the channel the shape of the models it will fetch
  OfferedJobHandle job;
};
struct StartWork {  // an earlier piece of work, if any, was told to stop by KillWork
  RoundKey key;
  WorkRequest request;
};
struct KillWork {};
struct PersistAgent {
  AgentRecord record;
};
struct SetAgentTimer {  // replaces a pending timer of this id
  TimerId timer;
  TimePoint at;
};
struct CancelAgentTimer {
  TimerId timer;
};
struct EmitEvent {
  std::string_view name;  // a literal
  RoundKey key;           // zero parts where none applies
  ErrorId error;          // zero: none
  std::string detail;
};

using AgentAction = std::variant<OpenChannel, CloseChannel, SendToServer, LearnJob, StartWork, KillWork,
                                 PersistAgent, SetAgentTimer, CancelAgentTimer, EmitEvent>;
using AgentActions = std::vector<AgentAction>;  // the driver's buffer, reused; Step appends

}  // namespace cairn

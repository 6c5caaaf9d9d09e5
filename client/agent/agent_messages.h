#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "client/policy/egress_clearance.h"
#include "client/policy/egress_guard.h"
#include "client/policy/site_policy.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/tensor/update.h"
#include "privacy/accounting/release_permit.h"
#include "privacy/secagg/client/client.h"
#include "privacy/secagg/shared/contradiction.h"
#include "privacy/secagg/shared/party.h"
#include "protocol/messages/messages.h"
#include "protocol/messages/site_groups.h"
#include "protocol/messages/work.h"

// What goes into ClientAgent and what comes out of it.

namespace cairn {

// A manifest with what follows from it, worked out once and shared by every agent of a process.
struct OfferedJob {
  std::shared_ptr<const JobManifest> manifest;
  ParameterSpec spec;
  UpdateLayout layout;

  std::optional<SiteGroups> groups;  // of a grouped job

  bool is_masked() const { return manifest->spec.secagg.is_masked(); }
  std::uint64_t upload_bytes() const;  // of one report of a training round, as it travels

  // kJobRefused when a grouped job has no groups; kModelSpec when the manifest's tensors are no model;
  // kNetProtocol when there is no manifest.
  static Result<std::shared_ptr<const OfferedJob>> Create(std::shared_ptr<const JobManifest> manifest);
};
using OfferedJobHandle = std::shared_ptr<const OfferedJob>;

// What a site is to the maskings of its federation: the roster it has pinned, and the aggregator's key on it.
struct MaskingIdentity {
  std::shared_ptr<const secagg::Membership> membership;
  VerifyKey aggregator;
};

// A message to send, where there is one, once what it rests on is durable.
struct MaskingStep {
  std::optional<secagg::ToServer> reply;
  bool can_mask = false;  // all shares are in place: the contribution may be masked
  bool has_left = false;  // the site complained and takes no further part
  // The aggregator was caught: nothing is replied, and the attempt is over for this site.
  std::shared_ptr<const secagg::Contradiction> contradiction = nullptr;
};

// How a piece of work is to be put into a ring.
struct RingTerms {
  MaskedLayout layout;
  EncodeTerms encode;
  bool is_masked = true;  // false only for participants that are not sites
};

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
struct ContributionReady {  // instead of WorkDone where the round is masked: checked, on the grid, not yet
                            // masked
  RoundKey key;
  Result<std::shared_ptr<SealedContribution>> contribution;
};
struct PrivacyCharged {  // what ChargePrivacy came to
  RoundKey key;
  Result<ReleasePermit> permit;
};
struct MaskingStepped {  // what BeginMasking or StepMasking came to
  RoundKey key;
  Result<MaskingStep> step;
};
struct InputMasked {
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
                 ContributionReady, PrivacyCharged, MaskingStepped, InputMasked, AgentTimerFired,
                 ApprovalChanged, PolicyChanged, AgentActionFailed, AgentStopRequested>;

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

struct ContradictionFound {  // the evidence is kept, and the job is stopped at this site for good
  RoundKey key;
  std::string digest;  // of the job's manifest
  std::shared_ptr<const secagg::Contradiction> evidence;
};

using AgentRecord = std::variant<ReportSealed, ReportReleased, JobAnswered, JobApproval, ContradictionFound>;

// A job that this site takes no further part in, since its aggregator contradicted itself.
struct StoppedJob {
  RoundKey key;  // where it did
  std::string digest;
  BlobRef evidence;  // the file of it; of size 0 where too many were kept already
  friend bool operator==(const StoppedJob&, const StoppedJob&) = default;
};

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
  std::shared_ptr<const RingTerms> ring;  // null: the report is sealed as it is
  // What its result is sealed with. Shared because jobs of lanes are copied; never null, used once.
  std::shared_ptr<EgressClearance> clearance;
};
// Charges a private round's steps before any work on it, durably; answered by PrivacyCharged.
struct ChargePrivacy {
  RoundKey key;
  Charge charge;
};
// Durable before the next action: what was charged so leaves the site with it. When it fails, the rest of the
// list is dropped and the agent is told, as with PersistAgent.
struct RevealPrivacy {
  ChargeKey key;
};
// Masking is done off the control thread, one action of these at a time and in order; each is answered by its
// event. Asked twice to begin one attempt, the same bytes come again, also after a restart.
struct BeginMasking {
  RoundKey key;
  secagg::Terms terms;
  secagg::Floors floors;
  MaskingIdentity identity;
};
struct StepMasking {
  RoundKey key;
  secagg::ToClient message;
};
struct MaskInput {
  RoundKey key;
  std::shared_ptr<SealedContribution> contribution;
};
struct EndMasking {  // what is left of the attempt is wiped
  RoundKey key;
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

using AgentAction = std::variant<OpenChannel, CloseChannel, SendToServer, LearnJob, ChargePrivacy,
                                 RevealPrivacy, StartWork, KillWork, BeginMasking, StepMasking, MaskInput,
                                 EndMasking, PersistAgent, SetAgentTimer, CancelAgentTimer, EmitEvent>;
using AgentActions = std::vector<AgentAction>;  // the driver's buffer, reused; Step appends

}  // namespace cairn

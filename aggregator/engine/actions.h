#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "aggregator/engine/grouping.h"
#include "core/base/clock.h"
#include "core/base/event.h"
#include "core/base/ids.h"
#include "core/base/status.h"
#include "privacy/accounting/privacy_event.h"
#include "privacy/secagg/server/server.h"
#include "protocol/messages/masked_layout.h"
#include "protocol/messages/messages.h"

// What the aggregator's engines take and give. An engine only maps an event and its state to
// actions; a driver performs them in the order given. Persist is durable when it returns; when it
// fails, the rest of the list is dropped and the engine hears ActionFailed.

namespace cairn {

// What the aggregator knows of one round when it is over.
struct RoundSummary {
  RoundKey key;
  RoundKind kind = RoundKind::kTrain;
  std::size_t invited = 0;
  std::vector<ClientId> reported;  // survivors, ascending
  std::size_t declined = 0, invalid = 0, late = 0;
  std::int64_t examples = 0;  // Σ over the survivors
  MetricSums metrics;         // of the model the round started from; empty when not evaluated
  // Of a job that protects clients: the clip of this round and of the next, which differ where it adapts.
  double clip = 0, next_clip = 0;
};

// ---- durable records of a job, in the order they may appear

struct JobAccepted {
  std::shared_ptr<const JobManifest> manifest;
};
struct ParticipantFixed {  // ids are dense and final
  ClientId client;
  std::string site;
};
struct RoundOpened {
  RoundKey key;
  RoundKind kind = RoundKind::kTrain;
  std::vector<ClientId> invited;
  std::uint32_t goal = 0, min_reports = 0;
  std::string roster;  // of a masked attempt: the signed file its members are taken from
};
// What makes a masked attempt the same one after a restart: the messages it took, and each phase as it was
// closed. What sites reveal to unmask a sum is never among them.
struct MaskingTaken {
  RoundKey key;
  ClientId client;
  secagg::ToServer message;  // an advert or shares
};
struct MaskingClosed {
  RoundKey key;
  secagg::Server::Phase phase = secagg::Server::Phase::kAdverts;
  std::vector<std::pair<ClientId, secagg::MaskedInput>> inputs;  // of kInputs: whose vectors the sum holds
  BlobRef sum;                                                   // of kInputs
};
struct RoundCommitted {
  RoundSummary summary;
  BlobRef model;         // the version this round produced (of an evaluation: the one it measured)
  BlobRef server_state;  // the strategy's own state after it
};
// Nothing is tried until an operator says so. The attempt given up last: none of its number comes again.
struct JobPaused {
  RoundKey key;
  std::uint16_t reason_id = 0;
  std::string reason;
};
struct JobResumed {
  std::string actor;
};
struct JobClosed {
  JobOutcome outcome = JobOutcome::kFinished;
  std::uint16_t reason_id = 0;
  std::string reason;
};
struct Record {
  JobId job;
  std::variant<JobAccepted, ParticipantFixed, RoundOpened, MaskingTaken, MaskingClosed, RoundCommitted,
               JobPaused, JobResumed, JobClosed>
      body;
};

// Where a job stood when its last record was written.
struct JobSnapshot {
  std::shared_ptr<const JobManifest> manifest;
  std::vector<std::string> participants;    // by ClientId
  std::vector<RoundSummary> committed;      // ascending
  BlobRef model;                            // current version: the initial one before round 1
  BlobRef server_state;                     // zero size before round 1
  std::shared_ptr<const RoundOpened> open;  // null between rounds
  std::vector<std::variant<MaskingTaken, MaskingClosed>> masking;  // of the open attempt, in order
  std::shared_ptr<const JobPaused> paused;                         // null while it goes on
  std::optional<RoundKey> resumed;          // after which attempt; attempts are counted from there
  std::shared_ptr<const JobClosed> closed;  // null while it runs
};

// ---- events

struct Joined {  // a site passed admission
  SessionId session;
  std::string site;
};
struct Left {
  SessionId session;
  bool for_good = false;  // it will not come back in time: revoked, or a simulated drop-out
};
struct Received {
  SessionId session;
  ClientMessage message;
};
struct Finished {  // the round's sum became a model, stored under its hash
  RoundKey key;
  ModelHandle model;
  BlobRef server_state;
  std::optional<OpenedCounts> counts;  // of sums made in a ring
  std::vector<DiscardedSum> discarded;
  std::optional<double> share_within = {};  // of the clients, where the clip adapts (client_noise.h)
};
struct SumStored {  // what StoreSum asked for is on disk
  RoundKey key;
  BlobRef sum;
};
struct TimerFired {
  TimerId timer;
};
struct ActionFailed {  // a record did not become durable; the actions after it were dropped
  Status status;
  Record record;
};
struct StopRequested {
  bool now = false;  // true abandons the open round, false lets it end
  std::string reason;
};
using Event =
    std::variant<Joined, Left, Received, Finished, SumStored, TimerFired, ActionFailed, StopRequested>;

// ---- actions

struct Persist {
  Record record;
};
struct Send {
  SessionId session;
  ServerMessage message;
};
struct SetTimer {
  TimerId timer;
  TimePoint at;
};
struct CancelTimer {
  TimerId timer;
};
struct OpenSum {  // forget every earlier attempt's sum
  RoundKey key;
  std::shared_ptr<const MaskedLayout> ring;  // null: updates are folded as they are
  BlobRef kept;  // of a named set of survivors: the sums to go on with; else size 0
  Grouping grouping;
};
struct Fold {
  RoundKey key;
  ClientId client;
  UpdateHandle update;
  double weight = 1;
  RingHandle ring;  // instead of update and weight
  std::uint32_t group = 0;
};
struct StoreSum {  // drain the folds, keep the ring sums on disk, answer with SumStored
  RoundKey key;
};
struct Finish {  // drain the folds, make the next model, store it, answer with Finished
  RoundKey key;
  std::vector<GroupSum> sums;  // of a round that is summed in a ring; none: updates were folded as they are
  std::optional<PrivacyEvent> central = {};  // what the aggregator's own noise is to be charged as, before it
};
struct Publish {  // the committed round and the model it left; drivers report and evaluate it
  RoundSummary summary;
  ModelHandle model;
};
struct EndJob {
  JobClosed end;
};
struct PauseJob {};  // the engine is not needed any more: a resumed job is restored from its records
struct Emit {
  DomainEvent event;
};
using Action = std::variant<Persist, Send, SetTimer, CancelTimer, OpenSum, Fold, StoreSum, Finish, Publish,
                            EndJob, PauseJob, Emit>;
using Actions = std::vector<Action>;

}  // namespace cairn

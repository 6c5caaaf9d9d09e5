#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "aggregator/engine/actions.h"
#include "aggregator/engine/cohort_selector.h"
#include "aggregator/engine/grouped_masking.h"
#include "aggregator/engine/population.h"

namespace cairn {

struct RoundConfig {
  RoundKey key;
  RoundKind kind = RoundKind::kTrain;
  CohortPlan cohort;
  std::shared_ptr<const JobManifest> manifest;
  TrainConfig train;  // this round's, from the strategy
  bool evaluate = true;
  std::uint64_t layout_hash = 0;
  Duration deadline{0};       // hard limit; 0: none but progress
  Duration stall_timeout{0};  // a pending client without progress for so long is dropped; 0: never
  std::shared_ptr<const MaskedLayout> ring;  // null: updates are summed as they are
  Grouping grouping;
  // Of a grouped round: the group of each invited site, from 0. Where masks are left out also the fewest
  // reports that each group's sum may hold, by group; where they are not, the masking knows.
  std::vector<std::uint32_t> group_of;
  std::vector<std::size_t> least_of_group;
  std::string roster;  // of a masked attempt: the file its sites check
  double clip = 0;     // of a round that protects clients
};

// One attempt at one round: invites a cohort, takes its reports, and turns them into a commit or
// gives up. Phases: reporting → finishing → committed | abandoned.
//
// A masked attempt passes the phases of its masking on the way: keys and shares while sites train, and once
// the sum is closed (unmasking) the survivors' agreement and what takes the masks off. A phase is closed when
// everybody still waited for has answered, or when those who did not were dropped and the floors hold; the
// last two as soon as they can.
//
// A grouped round has a masking a group. A group that falls below its floor sits the attempt out, and its
// sites are dropped; the round goes on with the others as long as there are grouping.least.
//
// Counts always satisfy: invited = reported + pending + dropped. Accept or discard is decided by
// phase, identity and time, never by the numbers inside a report. Not thread-safe: one control thread.
class RoundEngine {
 public:
  enum class Phase : std::uint8_t { kReporting, kUnmasking, kFinishing, kCommitted, kAbandoned };

  // first_timer: two timer ids from it on belong to this round. `population` must outlive the engine.
  // `masked` is the attempt's masking, null without.
  RoundEngine(RoundConfig config, ModelHandle model, const Population& population, TimerId first_timer,
              std::unique_ptr<GroupedMasking> masked = nullptr);

  using MaskingRecords = std::vector<std::variant<MaskingTaken, MaskingClosed>>;
  // Opens the round: record, plans, timers.
  void Open(TimePoint now, Actions& out);
  // Goes on with an attempt whose opening was recorded; `records` are of its masking, in order.
  // kStorageCorrupt when they do not make the attempt they are of.
  Status Resume(TimePoint now, const MaskingRecords& records, Actions& out);

  void OnConnected(TimePoint now, ClientId client, Actions& out);  // plan again, the same attempt
  // for_good: it will not come back while the round is open, so it is not waited for.
  void OnDisconnected(TimePoint now, ClientId client, bool for_good, Actions& out);
  void OnHeartbeat(TimePoint now, ClientId client, const Heartbeat& beat);
  void OnReport(TimePoint now, ClientId client, Report report, Actions& out);
  void OnMasking(TimePoint now, ClientId client, MaskingToServer message, Actions& out);
  void OnSumStored(TimePoint now, const SumStored& stored, Actions& out);
  void OnDecline(TimePoint now, ClientId client, const RoundDecline& decline, Actions& out);
  void OnTimer(TimePoint now, TimerId timer, Actions& out);
  void OnFinished(const Finished& finished, Actions& out);
  void Abandon(const std::string& reason, Actions& out);

  Phase phase() const { return phase_; }
  // Of an abandoned attempt: whether it ended because survivors would not open its sum, so near to an earlier
  // one (kSecAggSums). Trying again does not mend that.
  bool is_refused() const { return is_refused_; }
  bool over() const { return phase_ == Phase::kCommitted || phase_ == Phase::kAbandoned; }
  const RoundKey& key() const { return config_.key; }
  RoundKind kind() const { return config_.kind; }
  const ModelHandle& model() const { return model_; }  // after a commit: the new version
  std::size_t reported() const { return reported_; }
  Duration slowest() const { return slowest_; }  // from the opening to the last report that was taken
  std::size_t pending() const { return pending_; }
  std::size_t dropped() const { return dropped_; }
  double next_clip() const { return next_clip_; }  // after a commit
  const GroupedMasking* masked() const { return masked_.get(); }

 private:
  enum class State : std::uint8_t { kPending, kReported, kDropped };
  struct Member {
    ClientId client;
    std::uint32_t group = 0;
    State state = State::kPending;
    std::int64_t progress_seen = -1;
    TimePoint last_progress;
  };

  Member* Find(ClientId client);
  void SendPlan(TimePoint now, Member& member, Actions& out);
  void Accept(TimePoint now, Member& member, Report report, Actions& out);
  void Drop(Member& member);  // also one whose report was taken
  std::vector<GroupSum> SumsWithoutMasks();
  double ClipAfter(double share_within) const;
  std::optional<PrivacyEvent> CentralEvent() const;
  void TellDecline(const Member& member, const RoundDecline& decline, Actions& out) const;
  void LoseGroup(const DiscardedSum& lost, Actions& out);
  void DropStalled(TimePoint now, Actions& out);
  void Receipt(ClientId client, const RoundKey& key, ReportOutcome outcome, const Status& why,
               Actions& out) const;
  void MaybeClose(bool deadline_passed, Actions& out);
  void BeginFinish(Actions& out);
  void Start(TimePoint now, const BlobRef& kept_sum, Actions& out);
  Status FaultOf(const Report& report) const;
  void Refuse(Member& member, const Status& fault, const char* name, Actions& out);

  // round_masking.cc
  Status Replay(const MaskingRecords& records, BlobRef& kept_sum);
  bool CloseMaskingPhase(TimePoint now, Actions& out);
  void BeginMaskingPhase(TimePoint now, Actions& out);
  void AdvanceMasking(TimePoint now, bool deadline_passed, Actions& out);
  void DropAbsent(Actions* out);
  void TakeRefusal(TimePoint now, const Member& member, const RoundDecline& decline, Actions& out);
  void SendMasking(const Member& member, Actions& out) const;
  void TellBlames(Actions& out);
  void TellLostGroups(Actions& out);
  bool is_waited_for(const Member& member) const;
  bool is_anyone_waited_for();
  bool awaits_agreement(TimePoint now);
  void Commit(ModelHandle model, BlobRef server_state, Actions& out);
  void CloseMembers(bool committed, Actions& out);
  RoundSummary Summarize() const;
  void ArmStallTimer(TimePoint now, Actions& out) const;

  RoundConfig config_;
  ModelHandle model_;
  const Population& population_;
  TimerId deadline_timer_, stall_timer_;
  Phase phase_ = Phase::kReporting;
  TimePoint opened_;
  Duration slowest_{0};
  std::vector<Member> members_;  // ascending by client
  std::size_t reported_ = 0, pending_ = 0, dropped_ = 0;
  std::size_t declined_ = 0, invalid_ = 0, late_ = 0;
  std::int64_t examples_ = 0;
  MetricSums metrics_;
  double next_clip_ = 0;
  std::unique_ptr<GroupedMasking> masked_;
  bool is_storing_sum_ = false;
  bool is_refused_ = false;
  TimePoint phase_began_;  // of the masking
  // Nobody before these members is waited for, for the phase or for a signature: asked with every message.
  std::size_t waited_from_ = 0, signing_from_ = 0;
};

}  // namespace cairn

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "aggregator/engine/actions.h"
#include "aggregator/engine/cohort_selector.h"
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
};

// One attempt at one round: invites a cohort, takes its reports, and turns them into a commit or
// gives up. Phases: reporting → finishing → committed | abandoned.
//
// Counts always satisfy: invited = reported + pending + dropped. Accept or discard is decided by
// phase, identity and time, never by the numbers inside a report. Not thread-safe: one control thread.
class RoundEngine {
 public:
  enum class Phase : std::uint8_t { kReporting, kFinishing, kCommitted, kAbandoned };

  // first_timer: two timer ids from it on belong to this round. `population` must outlive the engine.
  RoundEngine(RoundConfig config, ModelHandle model, const Population& population, TimerId first_timer);

  // Opens the round: record (unless it is resumed from that record), plans, timers.
  void Open(TimePoint now, bool resumed, Actions& out);

  void OnConnected(TimePoint now, ClientId client, Actions& out);  // plan again, the same attempt
  void OnHeartbeat(TimePoint now, ClientId client, const Heartbeat& beat);
  void OnReport(TimePoint now, ClientId client, Report report, Actions& out);
  void OnDecline(TimePoint now, ClientId client, const RoundDecline& decline, Actions& out);
  void OnTimer(TimePoint now, TimerId timer, Actions& out);
  void OnFinished(const Finished& finished, Actions& out);
  void Abandon(const std::string& reason, Actions& out);

  Phase phase() const { return phase_; }
  bool over() const { return phase_ == Phase::kCommitted || phase_ == Phase::kAbandoned; }
  const RoundKey& key() const { return config_.key; }
  RoundKind kind() const { return config_.kind; }
  const ModelHandle& model() const { return model_; }  // after a commit: the new version
  std::size_t reported() const { return reported_; }
  std::size_t pending() const { return pending_; }
  std::size_t dropped() const { return dropped_; }

 private:
  enum class State : std::uint8_t { kPending, kReported, kDropped };
  struct Member {
    ClientId client;
    State state = State::kPending;
    std::int64_t steps_seen = -1;
    TimePoint last_progress;
  };

  Member* Find(ClientId client);
  void SendPlan(TimePoint now, Member& member, Actions& out);
  void Accept(TimePoint now, Member& member, Report report, Actions& out);
  void Drop(Member& member);
  void DropStalled(TimePoint now, Actions& out);
  void Receipt(ClientId client, const RoundKey& key, ReportOutcome outcome, const Status& why,
               Actions& out) const;
  void MaybeClose(bool deadline_passed, Actions& out);
  void BeginFinish(Actions& out);
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
  std::vector<Member> members_;  // ascending by client
  std::size_t reported_ = 0, pending_ = 0, dropped_ = 0;
  std::size_t declined_ = 0, invalid_ = 0, late_ = 0;
  std::int64_t examples_ = 0;
  MetricSums metrics_;
};

}  // namespace cairn

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aggregator/engine/actions.h"
#include "aggregator/engine/population.h"
#include "aggregator/engine/round_engine.h"
#include "aggregator/engine/round_pace.h"
#include "core/base/random.h"
#include "core/base/result.h"
#include "protocol/messages/site_groups.h"

namespace cairn {

// What a job engine is given besides the job itself.
struct JobParts {
  const RandomSource* random = nullptr;             // selection streams; outlives the engine
  std::function<TrainConfig(RoundId)> configure;    // the strategy's client half
  Duration stall_timeout{0};                        // 0: never (simulation)
  Duration storage_retry{std::chrono::seconds(5)};  // after a failed Persist
  // Reports that a round needs besides cohort.min_reports; none where empty. Where masks are left out: what
  // the masking would have asked for. Of a grouped job it is asked for each group.
  std::function<std::size_t(const RoundKey&, const std::vector<ClientId>& invited)> least_reports;
  // Whether somebody can resume a paused job. Where nobody can, as in a simulation, it fails instead.
  bool can_pause = false;
  // Of jobs with secure aggregation; outlives the engine. Null makes their sums without masks, which only a
  // simulation within one process may do: no site takes part in it.
  MaskingAuthority* masking = nullptr;
};

// The rounds of one job, from recruiting sites to the last evaluation. Sans-IO: Step maps an event to
// actions; equal events give equal actions. One control thread.
//
// Recruits until cohort.min_clients sites accepted, fixes them as participants in the order of their
// names, then runs strategy.rounds training rounds and, where evaluate.federated, one evaluation
// round that measures the final model. An abandoned attempt is tried again up to cohort.max_attempts.
// In a grouped job only sites that its groups name take part, and a round invites those whose groups are
// large enough; it waits until there are enough such groups. Restart: Restore from the records continues with
// the same attempt of the same round.
//
// Where trying again does not help, because sites refuse a sum so near to an earlier one or because two sums
// of one round failed their checks, the job pauses: that is recorded, and the engine has done its part. A
// resumed job is restored like any other, with new attempts that are counted afresh.
class JobEngine {
 public:
  // Refuses what cannot work (kJobRefused): no rounds, a cohort below 1, min_reports over target,
  // a cohort too small to be masked or a sum that could wrap, a layout that does not fit the model.
  static Result<std::unique_ptr<JobEngine>> Create(std::shared_ptr<const JobManifest> manifest,
                                                   ModelHandle initial, JobParts parts);
  // `model` is the version snapshot.model names.
  static Result<std::unique_ptr<JobEngine>> Restore(const JobSnapshot& snapshot, ModelHandle model,
                                                    JobParts parts);

  // Records a new job; call once after Create, before any Step.
  void Start(TimePoint now, Actions& out);
  void Step(TimePoint now, Event event, Actions& out);

  enum class Phase : std::uint8_t { kRecruiting, kWaiting, kRound, kEnded, kPaused };
  Phase phase() const { return phase_; }
  const JobManifest& manifest() const { return *manifest_; }
  const Population& population() const { return population_; }
  const ModelHandle& model() const { return model_; }
  std::uint64_t rounds_done() const { return rounds_done_; }
  const RoundEngine* round() const { return round_.get(); }
  const std::optional<SiteGroups>& groups() const { return groups_; }  // of a grouped job
  const std::optional<JobClosed>& end() const { return end_; }
  UpdateLayout layout() const { return layout_; }
  bool takes_masked(std::uint64_t bytes) const;  // the size of a masked vector of this job
  std::size_t accepted_sites() const { return accepted_.size(); }

 private:
  // The first two are the open round's (job_rounds.cc); this one wakes the job after a storage failure.
  static constexpr TimerId kRetryTimer{3};

  JobEngine(std::shared_ptr<const JobManifest> manifest, ModelHandle model, JobParts parts);

  void On(TimePoint now, Joined event, Actions& out);
  void On(TimePoint now, Left event, Actions& out);
  void On(TimePoint now, Received event, Actions& out);
  void On(TimePoint now, Finished event, Actions& out);
  void On(TimePoint now, SumStored event, Actions& out);
  void On(TimePoint now, TimerFired event, Actions& out);
  void On(TimePoint now, ActionFailed event, Actions& out);
  void On(TimePoint now, StopRequested event, Actions& out);

  void OnReply(TimePoint now, SessionId session, const JobReply& reply, Actions& out);
  void TakeOut(TimePoint now, SessionId session, Actions& out);
  void FixParticipants(Actions& out);
  void AddParticipant(const std::string& site, Actions& out);
  void Connect(ClientId client, SessionId session);
  void MaybeOpenRound(TimePoint now, Actions& out);
  void OpenRound(TimePoint now, const CohortPlan& cohort, const RoundOpened* resumed, Actions& out);
  CohortPlan SelectGroups(const std::vector<ClientId>& available) const;
  std::vector<std::vector<ClientId>> ByGroup(const std::vector<ClientId>& clients) const;
  void SetGrouping(RoundConfig& config) const;
  Result<std::unique_ptr<GroupedMasking>> NewMasking(RoundConfig& config, const RoundOpened* resumed) const;
  Result<std::unique_ptr<MaskedRound>> NewGroup(const RoundConfig& config, const MaskingParts& parts,
                                                std::uint32_t index,
                                                const std::vector<ClientId>& invited) const;
  void KeepSeenKeys();
  void GiveUpAttempt(TimePoint now, const Status& why, Actions& out);
  void AfterRound(TimePoint now, Actions& out);
  bool EndsWith(const RoundEngine& round, Actions& out);
  void Pause(const Status& why, Actions& out);
  bool is_last_attempt() const { return attempt_ - attempts_before_ >= manifest_->spec.cohort.max_attempts; }
  void End(JobOutcome outcome, const Status& why, Actions& out);
  bool rounds_complete() const { return rounds_done_ >= manifest_->spec.strategy.rounds; }
  bool evaluation_due() const { return manifest_->spec.evaluate.federated && !evaluated_; }

  std::shared_ptr<const JobManifest> manifest_;
  ModelHandle model_;
  JobParts parts_;
  UpdateLayout layout_;
  std::optional<SiteGroups> groups_;  // of a grouped job
  Phase phase_ = Phase::kRecruiting;
  Population population_;
  struct Peer {  // an admitted site's live session
    std::string site;
    std::optional<ClientId> client;  // once it takes part
  };
  std::map<SessionId, Peer> sessions_;
  std::map<std::string, SessionId> accepted_;  // of those, the ones that said yes
  RoundPace pace_;
  std::unique_ptr<RoundEngine> round_;
  std::shared_ptr<const RoundOpened> resume_;  // the attempt that was open when the process died
  RoundEngine::MaskingRecords resume_masking_;
  secagg::SeenKeys seen_keys_;  // of masked attempts since this process started
  std::uint64_t rounds_done_ = 0;
  double clip_ = 0;  // of the next round of a job that protects clients
  std::uint32_t attempt_ = 1;
  std::uint32_t attempts_before_ = 0;  // of this round, before the job was resumed last
  std::uint32_t failed_sums_ = 0;      // of this round, since this engine began
  bool evaluated_ = false;
  bool stopping_ = false;
  std::string stop_reason_;
  std::optional<JobClosed> end_;

  struct Undo {  // what a commit changed, until its record is known to be durable
    ModelHandle model;
    std::uint64_t rounds_done;
    bool evaluated;
    double clip;
  };
  std::optional<Undo> undo_;
};

}  // namespace cairn

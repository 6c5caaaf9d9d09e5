#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "aggregator/engine/admission.h"
#include "aggregator/engine/central_budget.h"
#include "aggregator/engine/job_engine.h"
#include "aggregator/engine/round_work.h"
#include "aggregator/persistence/job_store.h"
#include "aggregator/persistence/model_store.h"
#include "core/base/event.h"
#include "core/runtime/asio/event_loop.h"
#include "core/runtime/lane_pool.h"
#include "protocol/transport/transport.h"

namespace cairn {

struct AggregatorConfig {
  std::filesystem::path state_dir;
  std::string federation;
  std::string software = "cairn";
  Duration heartbeat = std::chrono::seconds(15);
  Duration stall_timeout = std::chrono::seconds(120);
  std::optional<CentralTerms> privacy = {};  // of jobs whose noise the aggregator draws; none: refused
};

// Hears how jobs go, on the control thread. What it is told is already durable.
class JobObserver {
 public:
  virtual ~JobObserver() = default;
  virtual void OnRound(const JobManifest& job, const RoundSummary& summary, const ModelHandle& model) = 0;
  virtual void OnEnd(const JobManifest& job, const JobClosed& end, const ModelHandle& model) = 0;
};

// The production driver of the aggregator: takes events from the transport, the clock, the lanes and
// the operator, steps the job's engine, and performs its actions strictly in order. Jobs run one
// after another; the others wait in line. A paused job lets the next one run.
//
// Everything happens on the event loop's thread, except folding and finishing, which run on one lane
// in the order they were asked for, and the transport's callbacks, which only post.
class AggregatorDriver final : public ServerHandler, public BlobCatalog {
 public:
  // Opens the state directory and restores its jobs; an error leaves it untouched.
  // `masking` says whom the roster names; it outlives the driver. Null where no job may be masked.
  static Result<std::unique_ptr<AggregatorDriver>> Create(AggregatorConfig config, EventLoop& loop,
                                                          ServerTransport& transport, EventSink& events,
                                                          JobObserver& observer,
                                                          MaskingAuthority* masking = nullptr);
  ~AggregatorDriver() override;

  // Goes on with the first job that has not ended. Call once, before the loop runs.
  void Start();

  // ---- the operator's side; control thread

  struct JobStatus {
    JobId id;
    std::string name;
    std::string state;  // queued recruiting waiting round paused ended
    std::uint64_t rounds_done = 0, rounds = 0;
    std::size_t sites_accepted = 0, sites_wanted = 0;
    std::size_t reported = 0, pending = 0;  // of the open round
    std::optional<JobPaused> pause;
    std::optional<JobClosed> end;
    std::shared_ptr<const JobManifest> manifest;
    std::vector<RoundSummary> committed;
    std::vector<std::string> participants;
  };
  // `manifest` comes without id, federation, digest and initial_model: they are decided here.
  Result<JobId> Submit(JobManifest manifest, ParameterSet initial);
  Status StopJob(JobId job, bool now, const std::string& actor);
  // A paused job takes its place in the line again. kJobUnknown, kJobBusy for one that is not paused.
  Status ResumeJob(JobId job, const std::string& actor);
  const CentralBudget& budget() const { return budget_; }
  std::vector<JobStatus> Jobs() const;
  Result<ModelHandle> CurrentModel(JobId job) const;
  // All that is kept of a job's rounds, as it was recorded.
  Result<std::vector<Record>> RecordsOf(JobId job) const { return store_->RecordsOf(job); }
  std::vector<std::string> ConnectedSites() const;  // ascending

  // Called with a job after anything about it changed.
  void OnChange(std::function<void(JobId)> listener) { on_change_ = std::move(listener); }

  // ---- ServerHandler (any thread)
  void OnOpen(SessionId session, PeerInfo peer) override;
  void OnMessage(SessionId session, ClientMessage message) override;
  void OnClose(SessionId session, Status reason) override;
  // ---- BlobCatalog (any thread)
  Result<UpdateLayout> LayoutFor(JobId job) const override;
  bool TakesMasked(JobId job, std::uint64_t bytes) const override;
  ModelHandle FindModel(const BlobRef& ref) const override;

 private:
  struct Job {
    JobSnapshot snapshot;  // as of the last durable record
    std::unique_ptr<JobEngine> engine;
    std::unique_ptr<RoundWork> work;
  };

  AggregatorDriver(AggregatorConfig config, EventLoop& loop, ServerTransport& transport, EventSink& events,
                   JobObserver& observer, MaskingAuthority* masking);
  Status Restore();
  Status Activate(Job& job);
  void ActivateNext();
  void Hear(SessionId session, ClientMessage message);
  Status WeighNoise(const JobSpec& spec, const UpdateLayout& layout) const;
  bool is_active(JobId job) const;
  void StepFor(JobId job, Event event);
  void Step(Event event);
  // False when a record could not be made durable: the rest of the list does not happen.
  bool Perform(Action& action);
  bool PersistRecord(const Record& record);
  void FoldOnLane(Fold fold);
  void OpenSumOnLane(const OpenSum& open);
  void StoreSumOnLane(const RoundKey& key);
  void FinishOnLane(const Finish& finish);
  void PublishRound(const Publish& publish);
  void ForgetOldModels() const;
  void EndActive(const JobClosed& end);
  void PauseActive();
  void LetGo(Job& job);
  Result<Job*> Find(JobId id);
  Status EndPaused(Job& job, const JobClosed& end);
  void ShareModel(const ModelHandle& model);
  JobStatus StatusOf(const Job& job) const;
  TimePoint Now() const { return clock_.Now(); }

  AggregatorConfig config_;
  EventLoop& loop_;
  ServerTransport& transport_;
  EventSink& events_;
  JobObserver& observer_;
  MaskingAuthority* const masking_;
  SteadyClock clock_;
  Admission admission_;
  std::unique_ptr<JobStore> store_;
  std::optional<ModelStore> models_;
  CentralBudget budget_;
  std::unique_ptr<RandomSource> random_;    // selection streams of the active job
  std::vector<std::unique_ptr<Job>> jobs_;  // in the order they were accepted
  Job* active_ = nullptr;
  std::map<SessionId, PeerInfo> peers_;        // open streams
  std::map<SessionId, std::string> admitted_;  // those past their Hello
  std::function<void(JobId)> on_change_;

  // What transport threads may look up.
  mutable std::mutex shared_mutex_;
  struct Shape {
    UpdateLayout layout;
    std::uint64_t masked_training = 0, masked_evaluation = 0;  // bytes; 0: not masked
  };
  std::map<JobId, Shape> shapes_;
  ModelHandle shared_model_, shared_previous_;

  std::unique_ptr<LanePool> lane_;  // last: its jobs use everything above
};

}  // namespace cairn

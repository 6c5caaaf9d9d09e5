#pragma once

#include <filesystem>
#include <string>

#include "aggregator/server/aggregator_driver.h"

namespace cairn {

// Leaves a run directory, as the simulator does, when a job of a real aggregator ends: table, report
// and final.safetensors, made from the journal, so that a restart in between changes nothing.
class JobRuns final : public JobObserver {
 public:
  explicit JobRuns(std::filesystem::path state_dir) : state_dir_(std::move(state_dir)) {}

  // Where the history is read from; set before the first job ends.
  void SetDriver(const AggregatorDriver& driver) { driver_ = &driver; }
  // Makes up for ended jobs whose run was not written: the process died just then.
  void CatchUp();
  std::string RunOf(JobId job) const;  // empty while there is none

  void OnRound(const JobManifest& job, const RoundSummary& summary, const ModelHandle& model) override;
  void OnEnd(const JobManifest& job, const JobClosed& end, const ModelHandle& model) override;

 private:
  Status Write(const JobManifest& job, const JobClosed& end, const ModelHandle& model) const;
  std::filesystem::path LinkOf(JobId job) const;

  std::filesystem::path state_dir_;
  const AggregatorDriver* driver_ = nullptr;
};

}  // namespace cairn

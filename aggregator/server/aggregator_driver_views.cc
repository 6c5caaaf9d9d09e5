// What other threads and operators see of the jobs.
#include <algorithm>

#include "aggregator/server/aggregator_driver.h"

namespace cairn {

void AggregatorDriver::ShareModel(const ModelHandle& model) {
  const std::lock_guard lock(shared_mutex_);
  if (shared_model_ != nullptr && shared_model_->ref == model->ref) return;
  shared_previous_ = std::exchange(shared_model_, model);
}

Result<UpdateLayout> AggregatorDriver::LayoutFor(JobId job) const {
  const std::lock_guard lock(shared_mutex_);
  const auto it = shapes_.find(job);
  if (it == shapes_.end()) return Status(errors::kJobUnknown, "no job j-" + std::to_string(job.value));
  return it->second.layout;
}

bool AggregatorDriver::TakesMasked(JobId job, std::uint64_t bytes) const {
  const std::lock_guard lock(shared_mutex_);
  const auto it = shapes_.find(job);
  if (it == shapes_.end() || it->second.masked_training == 0) return false;
  return bytes == it->second.masked_training || bytes == it->second.masked_evaluation;
}

ModelHandle AggregatorDriver::FindModel(const BlobRef& ref) const {
  const std::lock_guard lock(shared_mutex_);
  for (const ModelHandle& model : {shared_model_, shared_previous_}) {
    if (model != nullptr && model->ref == ref) return model;
  }
  return nullptr;
}

// ---- what operators see

AggregatorDriver::JobStatus AggregatorDriver::StatusOf(const Job& job) const {
  JobStatus status;
  const JobSnapshot& snapshot = job.snapshot;
  status.id = snapshot.manifest->id;
  status.name = snapshot.manifest->spec.name;
  status.manifest = snapshot.manifest;
  status.rounds = snapshot.manifest->spec.strategy.rounds;
  status.sites_wanted = snapshot.manifest->spec.cohort.min_clients;
  status.committed = snapshot.committed;
  status.participants = snapshot.participants;
  status.rounds_done = static_cast<std::uint64_t>(
      std::ranges::count(snapshot.committed, RoundKind::kTrain, &RoundSummary::kind));
  status.state = snapshot.closed != nullptr ? "ended" : "queued";
  if (snapshot.closed != nullptr) status.end = *snapshot.closed;
  if (snapshot.closed == nullptr && snapshot.paused != nullptr) {
    status.state = "paused";
    status.pause = *snapshot.paused;
    return status;
  }
  if (&job != active_ || job.engine == nullptr || snapshot.closed != nullptr) return status;
  constexpr const char* kNames[] = {"recruiting", "waiting", "round", "ended", "paused"};
  status.state = kNames[static_cast<int>(job.engine->phase())];
  status.sites_accepted = job.engine->accepted_sites();
  if (const RoundEngine* round = job.engine->round()) {
    status.reported = round->reported();
    status.pending = round->pending();
  }
  return status;
}

std::vector<AggregatorDriver::JobStatus> AggregatorDriver::Jobs() const {
  std::vector<JobStatus> all;
  for (const auto& job : jobs_) all.push_back(StatusOf(*job));
  return all;
}

Result<ModelHandle> AggregatorDriver::CurrentModel(JobId id) const {
  for (const auto& job : jobs_) {
    if (job->snapshot.manifest->id != id) continue;
    CAIRN_ASSIGN_OR_RETURN(const ParameterSpec spec, ParameterSpec::Create(job->snapshot.manifest->tensors));
    return models_->Get(job->snapshot.model, spec);
  }
  return Status(errors::kJobUnknown, "no job j-" + std::to_string(id.value));
}

std::vector<std::string> AggregatorDriver::ConnectedSites() const {
  std::vector<std::string> sites;
  for (const auto& [session, name] : admitted_) sites.push_back(name);
  std::ranges::sort(sites);
  return sites;
}

}  // namespace cairn

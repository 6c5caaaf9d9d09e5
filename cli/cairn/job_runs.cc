#include "cli/cairn/job_runs.h"

#include "cli/frame/version.h"
#include "core/base/json_writer.h"
#include "core/base/log.h"
#include "core/runtime/files.h"
#include "protocol/messages/job_config.h"
#include "simulation/report/run_recorder.h"

namespace cairn {

std::filesystem::path JobRuns::LinkOf(JobId job) const {
  return state_dir_ / "jobs" / ("j-" + std::to_string(job.value));
}

std::string JobRuns::RunOf(JobId job) const {
  std::error_code error;
  const auto target = std::filesystem::read_symlink(LinkOf(job), error);
  return error ? std::string() : target.string();
}

void JobRuns::CatchUp() {
  for (const AggregatorDriver::JobStatus& job : driver_->Jobs()) {
    if (!job.end.has_value() || !RunOf(job.id).empty()) continue;
    if (const auto model = driver_->CurrentModel(job.id); model.ok()) OnEnd(*job.manifest, *job.end, *model);
  }
}

void JobRuns::OnRound(const JobManifest&, const RoundSummary&, const ModelHandle&) {}

void JobRuns::OnEnd(const JobManifest& job, const JobClosed& end, const ModelHandle& model) {
  const Status written = Write(job, end, model);
  if (!written.ok()) {
    Log(LogLevel::kError, "aggregator", "the job's run directory could not be written",
        {{"job", job.id.value}, {"id", ToString(written.id())}, {"why", written.what()}});
  }
}

Status JobRuns::Write(const JobManifest& job, const JobClosed& end, const ModelHandle& model) const {
  AggregatorDriver::JobStatus history;
  for (AggregatorDriver::JobStatus& status : driver_->Jobs()) {
    if (status.id == job.id) history = std::move(status);
  }
  RunRecorder::Config config;
  config.directory.parent = std::filesystem::absolute(state_dir_ / "runs");
  config.directory.run.name = job.spec.name;
  config.directory.run.seed = job.spec.seed;
  config.directory.run.rounds = job.spec.strategy.rounds;
  config.directory.run.metric = job.spec.evaluate.metric;
  config.directory.run.maximize = job.spec.evaluate.maximize;
  config.privacy = PrivacyWords(job.spec);
  config.directory.run.facts = JobFacts(job, history.participants.size());
  config.directory.started = SystemWallClock().Now();
  config.directory.experiment_toml = config.directory.resolved_toml = JobToml(job.spec, "");
  config.directory.env_json =
      JsonObject().Add("software", "cairn " + std::string(kVersion)).Add("job", job.digest).text();
  config.manifest = std::make_shared<JobManifest>(job);
  config.save_best = false;  // only the last model is at hand
  CAIRN_ASSIGN_OR_RETURN(RunRecorder recorder, RunRecorder::Create(std::move(config)));
  std::vector<ClientRow> clients;
  for (std::size_t i = 0; i < history.participants.size(); ++i)
    clients.push_back({i, history.participants[i], 0, 0, {}});
  CAIRN_RETURN_IF_ERROR(recorder.WriteClients(std::move(clients)));
  for (const RoundSummary& summary : history.committed) {
    CAIRN_RETURN_IF_ERROR(recorder.OnRound(summary, model, {}, Duration{0}));
  }
  CAIRN_RETURN_IF_ERROR(recorder.OnEnd(end, model));
  CAIRN_RETURN_IF_ERROR(MakeFolders(state_dir_ / "jobs"));
  std::error_code error;
  std::filesystem::remove(LinkOf(job.id), error);
  std::filesystem::create_directory_symlink(recorder.path(), LinkOf(job.id), error);
  if (!error) return {};
  return Status(errors::kStorageIo, "cannot link " + LinkOf(job.id).string() + ": " + error.message());
}

}  // namespace cairn

#include <cstdio>
#include <iostream>
#include <memory>

#include "cli/cairn/admin_call.h"
#include "cli/cairn/child_program.h"
#include "cli/cairn/commands.h"
#include "cli/cairn/desk_call.h"
#include "cli/cairn/job_table.h"
#include "cli/cairn/worker_program.h"
#include "core/base/clock.h"
#include "core/runtime/child/environment.h"
#include "core/runtime/files.h"
#include "protocol/messages/job_config.h"
#include "simulation/report/progress.h"

namespace cairn {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string dir, id, file;
  bool now = false, dry_run = false;
};
using Shared = std::shared_ptr<Options>;

constexpr std::uint64_t kMaxModelFile = std::uint64_t{4} << 30;

Result<std::filesystem::path> Socket(const Options& options) {
  CAIRN_ASSIGN_OR_RETURN(const AggregatorFileConfig config, LoadAggregatorConfig(options.dir));
  return config.socket();
}

Result<Json> Ask(const Options& options, const Json& request, std::string attachment = {}) {
  CAIRN_ASSIGN_OR_RETURN(const std::filesystem::path socket, Socket(options));
  return AdminCall(socket, request, std::move(attachment));
}

// Whatever opens a model runs in the worker: it writes the job's first version, we carry it.
Result<std::string> InitialModelFile(const std::string& job_file) {
  CAIRN_ASSIGN_OR_RETURN(const std::filesystem::path worker, FindWorker());
  CAIRN_ASSIGN_OR_RETURN(const TempFolder folder, TempFolder::Create(std::filesystem::temp_directory_path()));
  const std::filesystem::path out = folder.path() / "initial.safetensors";
  ChildProgram::Options run;
  run.environment = WorkerEnvironment(OwnEnvironment(), ThisCpu());
  run.capture_stdout = true;
  CAIRN_ASSIGN_OR_RETURN(
      const int code,
      RunProgram(worker, {"model", "init", "--job", job_file, "--out", out.string(), "-q"}, run));
  if (code != 0) {
    return Status(errors::kModelSpec, "the job's first model could not be made; the reason is above");
  }
  return ReadFile(out, kMaxModelFile);
}

Status Submit(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument document, ConfigDocument::ReadFile(options.file));
  ConfigReader root(document);
  JobFile job = ParseJobSpec(root);
  // What only the simulator understands is unknown here: nobody submits a toy population by mistake.
  CAIRN_RETURN_IF_ERROR(root.Finish());
  CAIRN_RETURN_IF_ERROR(LoadSchema(job, std::filesystem::path(options.file).parent_path()));
  CAIRN_ASSIGN_OR_RETURN(std::string model, InitialModelFile(options.file));
  if (options.dry_run) {
    out.Data(JsonObject().Add("name", job.spec.name).Add("model_bytes", model.size()));
    out.PrintLine(job.spec.name + ": " + std::to_string(job.spec.strategy.rounds) + " rounds, first model " +
                  std::to_string(model.size()) + " bytes; nothing was submitted");
    return {};
  }
  const Json request = {
      {"verb", "job.submit"}, {"job", JobToml(job.spec, "")}, {"schema", job.spec.data.schema_toml}};
  CAIRN_ASSIGN_OR_RETURN(const Json data, Ask(options, request, std::move(model)));
  const std::string id = data.at("id");
  out.Data(JsonObject().AddRaw("job", data.dump()));
  out.PrintLine(id + "  " + std::string(data.at("name")) + "  manifest " + std::string(data.at("digest")));
  out.Next("cairn job watch " + id);
  return {};
}

Status List(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const Json data, Ask(options, {{"verb", "job.ls"}}));
  out.Data(
      JsonObject().AddRaw("jobs", data.at("jobs").dump()).AddRaw("connected", data.at("connected").dump()));
  out.Print(JobListTable(data.at("jobs")));
  if (data.at("jobs").empty()) out.Next("cairn job submit job.toml");
  return {};
}

Status Show(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const Json data, Ask(options, {{"verb", "job.show"}, {"id", options.id}}));
  out.Data(JsonObject().AddRaw("job", data.dump()));
  out.Print(JobDescription(data));
  return {};
}

Status Stop(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const Json data,
                         Ask(options, {{"verb", "job.stop"}, {"id", options.id}, {"now", options.now}}));
  out.Data(JsonObject().Add("id", std::string(data.at("id"))));
  out.PrintLine(std::string(data.at("id")) + (options.now ? " stopped" : " stops after its open round"));
  out.Next("cairn job show " + options.id);
  return {};
}

Status Resume(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const Json data, Ask(options, {{"verb", "job.resume"}, {"id", options.id}}));
  const std::string id = data.at("id");
  out.Data(JsonObject().Add("id", id));
  out.PrintLine(id + " goes on with a new attempt");
  out.Next("cairn job watch " + id);
  return {};
}

Status Watch(const Options& options, CommandOutput& out) {
  const SteadyClock clock;
  ProgressLine progress(out.notes(), out.note_terminal(), clock, out.flags().quiet);
  JobWatcher watcher(progress);
  Json last = Json::object();
  CAIRN_ASSIGN_OR_RETURN(const std::filesystem::path socket, Socket(options));
  CAIRN_RETURN_IF_ERROR(
      AdminStream(socket, {{"verb", "job.watch"}, {"id", options.id}}, [&](const Json& data) {
        const bool is_pause = data.at("state") == "paused" && last.value("state", "") != "paused";
        last = data;
        watcher.Tell(data);
        if (is_pause) {
          progress.Clear();
          out.notes() << PauseNote(data);
        }
        out.Item(JsonObject().AddRaw("job", data.dump()));
        return !data.contains("outcome");
      }));
  progress.Clear();
  if (!last.contains("outcome"))
    return Status(errors::kNetLost, "the aggregator ended while the job went on");
  out.Data(JsonObject().AddRaw("job", last.dump()));
  out.Print(RoundTable(last));
  const std::string run = last.value("run", "");
  if (!run.empty()) {
    out.PrintLine("model   " + run + "/final.safetensors");
    out.PrintLine("report  " + run + "/report.html");
  }
  if (last.at("outcome") == "failed") {
    return Status(ErrorId{last.at("reason_id").get<std::uint16_t>()}, last.at("reason").get<std::string>());
  }
  if (HasLosses(last)) out.ExitWith(ExitCode::kPartial);
  return {};
}

}  // namespace

void AddJobCommands(CommandSet& commands) {
  commands.Group("job", "Jobs of the federation");
  const auto with_dir = [&](const char* path, const char* about) -> std::pair<Command*, Shared> {
    auto options = std::make_shared<Options>();
    Command& command = commands.Add(path, about);
    command.Has({"--dir", "DIR", "the aggregator's folder", &options->dir});
    return {&command, options};
  };
  const auto [submit, submit_options] =
      with_dir("job submit", "Submits a job to the aggregator of this machine");
  submit->Takes({"FILE", "job.toml", &submit_options->file})
      .Has({"--dry-run", "", "check everything, submit nothing", &submit_options->dry_run})
      .Run([o = submit_options](CommandOutput& out) { return Submit(*o, out); });
  const auto [list, list_options] = with_dir("job ls", "Lists jobs");
  list->Run([o = list_options](CommandOutput& out) { return List(*o, out); });
  const auto [show, show_options] = with_dir("job show", "Shows one job and its rounds");
  show->Takes({"ID", "id or name", &show_options->id});
  show->Run([o = show_options](CommandOutput& out) { return Show(*o, out); });
  const auto [watch, watch_options] = with_dir("job watch", "Follows a job to its end");
  watch->Takes({"ID", "id or name", &watch_options->id});
  watch->Run([o = watch_options](CommandOutput& out) { return Watch(*o, out); });
  const auto [stop, stop_options] = with_dir("job stop", "Stops a job after its open round");
  stop->Takes({"ID", "id or name", &stop_options->id})
      .Has({"--now", "", "abandon the open round", &stop_options->now});
  const auto [resume, resume_options] = with_dir("job resume", "Lets a paused job go on with a new attempt");
  resume->Takes({"ID", "id or name", &resume_options->id});
  resume->Run([o = resume_options](CommandOutput& out) { return Resume(*o, out); });
  stop->Run([o = stop_options](CommandOutput& out) { return Stop(*o, out); });
}

}  // namespace cairn

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "cli/frame/command.h"
#include "cli/frame/version.h"
#include "cli/worker/builtin_experiments.h"
#include "cli/worker/commands.h"
#include "cli/worker/interrupt.h"
#include "cli/worker/keep_freed_memory.h"
#include "client/learning/torch/factory.h"
#include "core/base/json_writer.h"
#include "simulation/engine/sim_run.h"
#include "simulation/report/progress.h"

namespace cairn {
namespace {

struct Options {
  std::string experiment;
  std::vector<std::string> sets;
  std::int64_t seed = -1;
  std::int64_t workers = -1;
  std::string transport, out;
  bool dry_run = false;
};

struct Source {
  std::string toml, name;
  std::filesystem::path folder;
};

Result<Source> FindExperiment(const std::string& name) {
  if (const auto builtin = FindBuiltinExperiment(name)) return Source{std::string(builtin->toml), name, {}};
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument checked, ConfigDocument::ReadFile(name));
  return Source{ToToml(checked.root()), name, std::filesystem::path(name).parent_path()};
}

// The file, then the environment, then --set, then the flags that have names of their own.
Result<ConfigDocument> Merge(const Options& options, const Source& source) {
  const bool builtin = FindBuiltinExperiment(options.experiment).has_value();
  auto parsed =
      builtin ? ConfigDocument::Parse(source.toml, source.name) : ConfigDocument::ReadFile(source.name);
  CAIRN_RETURN_IF_ERROR(parsed.status());
  ConfigDocument document = std::move(*parsed);
  CAIRN_RETURN_IF_ERROR(document.ApplyEnvironment(EnvironmentOverrides()));
  for (const std::string& set : options.sets) CAIRN_RETURN_IF_ERROR(document.ApplyFlag(set));
  if (options.seed >= 0)
    CAIRN_RETURN_IF_ERROR(document.ApplyFlag("seed=" + std::to_string(options.seed), "--seed"));
  if (options.workers >= 0) {
    CAIRN_RETURN_IF_ERROR(
        document.ApplyFlag("simulation.workers=" + std::to_string(options.workers), "--workers"));
  }
  if (!options.transport.empty()) {
    CAIRN_RETURN_IF_ERROR(
        document.ApplyFlag("simulation.transport=\"" + options.transport + "\"", "--transport"));
  }
  if (!options.out.empty())
    CAIRN_RETURN_IF_ERROR(document.ApplyFlag("output.dir=\"" + options.out + "\"", "--out"));
  return document;
}

std::string Megabytes(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, bytes < 1e6 ? "%.1f kB" : "%.1f MB",
                bytes < 1e6 ? bytes / 1e3 : bytes / 1e6);
  return text;
}

const char* AggregationWords(SecAggMode mode, TransportMode transport) {
  if (mode == SecAggMode::kOff) return "plain: an aggregator of real sites could read every update";
  if (mode == SecAggMode::kGrouped) {
    return transport == TransportMode::kWire
               ? "grouped: masked as between real sites; an aggregator could read the sum of each group"
               : "grouped: an aggregator could read the sum of each group; masks are left out here "
                 "(--transport "
                 "wire runs them)";
  }
  if (transport == TransportMode::kWire) return "secure: masked as between real sites";
  return "secure; masks are left out here, since they cancel (--transport wire runs them)";
}

void TellPlan(CommandOutput& out, const SimRun& run, TransportMode transport) {
  const SimPlan& plan = run.plan();
  const JobSpec& spec = run.manifest().spec;
  out.Note(spec.name + "  " + std::to_string(plan.clients) + " sites · " + std::to_string(plan.rows) +
           " rows · " + spec.model.arch + ", " + std::to_string(plan.parameters) + " parameters · " +
           spec.strategy.name + " · seed " + std::to_string(spec.seed));
  if (spec.privacy) {
    out.Note("privacy      " + PrivacyWords(spec) +
             (spec.privacy->protects_clients() ? " · " : " · each site's training rows are its patients · ") +
             kSimulatedPrivacy);
  }
  out.Note(std::string("aggregation  ") + AggregationWords(spec.secagg.mode, transport));
}

JsonObject PlanJson(const SimRun& run) {
  const SimPlan& plan = run.plan();
  return JsonObject()
      .Add("name", run.manifest().spec.name)
      .Add("manifest", run.manifest().digest)
      .Add("clients", static_cast<std::int64_t>(plan.clients))
      .Add("rows", static_cast<std::int64_t>(plan.rows))
      .Add("parameters", plan.parameters)
      .Add("rounds", static_cast<std::int64_t>(run.manifest().spec.strategy.rounds))
      .Add("bytes_up_a_round", static_cast<std::int64_t>(plan.bytes_up_a_round))
      .Add("bytes_down_a_round", static_cast<std::int64_t>(plan.bytes_down_a_round))
      .Add("memory_bytes", static_cast<std::int64_t>(plan.memory_bytes))
      .Add("workers", static_cast<std::int64_t>(plan.lanes));
}

std::string EnvironmentJson(std::uint32_t lanes) {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  return JsonObject()
      .Add("software", "cairn " + std::string(kVersion))
      .Add("build", kBuildType)
      .Add("compiler", kCompiler)
      .Add("cores", static_cast<std::int64_t>(std::thread::hardware_concurrency()))
      .Add("workers", static_cast<std::int64_t>(lanes))
      .Add("openblas_coretype", variable("OPENBLAS_CORETYPE"))
      .Add("openblas_threads", variable("OPENBLAS_NUM_THREADS"))
      .text();
}

// Bounds are rounded up. A sum is of people who are at several sites; of clients there is none.
std::string EpsilonCells(const RoundRow& row) {
  std::string cells;
  for (const double epsilon : {row.epsilon_max, row.epsilon_sum}) {
    char text[24];
    std::snprintf(text, sizeof text, "  %6.2f", std::ceil(epsilon * 100) / 100);
    if (std::isfinite(epsilon)) cells += text;
  }
  return cells;
}

// Nothing measures a private run without rows that are nobody's.
std::string MetricCell(double value, int width) {
  char text[32] = "-", cell[40];
  if (std::isfinite(value)) std::snprintf(text, sizeof text, "%.4f", value);
  std::snprintf(cell, sizeof cell, "  %*s", width, text);
  return cell;
}

Status TellOutcome(CommandOutput& out, const SimOutcome& outcome, const std::string& experiment) {
  const std::string run = outcome.run.string();
  JsonObject data;
  data.Add("run", run).Add("model_sha256", outcome.final_model.hex());
  const bool knows_epsilon = !outcome.rows.empty() && std::isfinite(outcome.rows.back().epsilon_max);
  const bool knows_sum = knows_epsilon && std::isfinite(outcome.rows.back().epsilon_sum);
  out.PrintLine(std::string("round  sites  log loss  accuracy  ROC-AUC  macro F1   up/round") +
                (knows_epsilon ? "   max ε" : "") + (knows_sum ? "   sum ε" : ""));
  for (const RoundRow& row : outcome.rows) {
    char line[64], up[32];
    std::snprintf(line, sizeof line, "%5llu  %5zu", static_cast<unsigned long long>(row.round), row.reported);
    std::snprintf(up, sizeof up, "  %9s", Megabytes(static_cast<double>(row.bytes_up)).c_str());
    out.PrintLine(line + MetricCell(row.metrics[0], 8) + MetricCell(row.metrics[1], 8) +
                  MetricCell(row.metrics[2], 7) + MetricCell(row.metrics[3], 8) + up +
                  (knows_epsilon ? EpsilonCells(row) : std::string()));
  }
  if (outcome.best.has_value()) {
    data.Add("best_round", static_cast<std::int64_t>(outcome.best->round)).Add("best", outcome.best->value);
  }
  if (knows_epsilon) {
    data.Add("epsilon_max", outcome.rows.back().epsilon_max);
    if (knows_sum) data.Add("epsilon_sum", outcome.rows.back().epsilon_sum);
    data.Add("privacy", kSimulatedPrivacy);
    out.PrintLine(std::string("privacy ") + kSimulatedPrivacy);
  }
  out.PrintLine("run     " + run);
  out.PrintLine("model   " + run + "/final.safetensors");
  out.PrintLine("report  " + run + "/report.html");
  out.Data(data);
  out.Next("cairn runs report latest --open");
  out.Next("cairn sim run " + experiment + " --set strategy.name=fedadam");
  if (outcome.end.outcome == JobOutcome::kFailed) {
    return Status(ErrorId{outcome.end.reason_id}, outcome.end.reason);
  }
  return {};
}

Status RunSim(const Options& options, CommandOutput& out) {
  KeepFreedMemory();
  CAIRN_ASSIGN_OR_RETURN(const Source source, FindExperiment(options.experiment));
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument document, Merge(options, source));
  SimRunRequest request;
  CAIRN_ASSIGN_OR_RETURN(request.config, ParseExperiment(document, source.folder, &request.resolved_toml));
  request.experiment_toml = source.toml;
  const auto learners = NewTorchTaskFactory();
  LogEventSink log;
  request.learners = learners.get();
  request.events = &log;

  request.env_json = EnvironmentJson(request.config.workers);
  const SteadyClock clock;
  ProgressLine progress(out.notes(), out.note_terminal(), clock, out.flags().quiet);
  Progress state;
  state.name = request.config.job.spec.name;
  state.rounds = request.config.job.spec.strategy.rounds;
  request.on_row = [&](const RoundRow& row) {
    state.round = row.round;
    state.reported = row.reported;
    state.invited = row.invited;
    state.values = {{"loss", row.metrics[0]}, {"acc", row.metrics[1]}, {"ε", row.epsilon_max}};
    state.bytes_up =
        row.reported == 0 ? 0 : static_cast<double>(row.bytes_up) / static_cast<double>(row.reported);
    progress.RoundDone(state);
  };
  const TransportMode transport = request.config.transport;
  CAIRN_ASSIGN_OR_RETURN(const auto run, SimRun::Create(std::move(request)));
  TellPlan(out, *run, transport);
  if (options.dry_run) {
    out.Data(PlanJson(*run));
    const SimPlan& plan = run->plan();
    out.PrintLine("would run " + std::to_string(run->manifest().spec.strategy.rounds) + " rounds with " +
                  std::to_string(plan.lanes) +
                  " workers: " + Megabytes(static_cast<double>(plan.bytes_up_a_round)) + " up and " +
                  Megabytes(static_cast<double>(plan.bytes_down_a_round)) + " down a round, about " +
                  Megabytes(static_cast<double>(plan.memory_bytes)) + " of memory besides LibTorch's own");
    out.PrintLine("manifest " + run->manifest().digest);
    return {};
  }
  const InterruptStop interrupt;
  const auto outcome = run->Run(interrupt.token());
  progress.Clear();
  CAIRN_RETURN_IF_ERROR(outcome.status());
  return TellOutcome(out, *outcome, options.experiment);
}

}  // namespace

void AddSimCommands(CommandSet& commands) {
  auto options = std::make_shared<Options>();
  commands.Group("sim", "Run experiments in the simulator");
  commands.Add("sim run", "Runs an experiment file, or the built-in quickstart or fashion")
      .Takes({"EXPERIMENT", "a file, quickstart, or fashion", &options->experiment})
      .Has({"--set", "KEY=VALUE", "overrides a key of the file", &options->sets})
      .Has({"--seed", "N", "seed of the job", &options->seed})
      .Has({"--workers", "N", "training threads; equal bytes for any number", &options->workers})
      .Has({"--transport", "KIND", "how messages move", &options->transport, {"direct", "wire"}})
      .Has({"--out", "DIR", "folder of run directories", &options->out})
      .Has({"--dry-run", "", "print the plan and stop", &options->dry_run})
      .Example("cairn sim run quickstart")
      .Example("cairn sim run fashion --seed 1 --set strategy.rounds=10")
      .Run([options](CommandOutput& out) { return RunSim(*options, out); });
}

}  // namespace cairn

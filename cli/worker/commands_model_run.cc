// `cairn model check` and `cairn model eval`: what run a model.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/frame/command.h"
#include "cli/worker/commands_model.h"
#include "cli/worker/model_file.h"
#include "cli/worker/model_probe.h"
#include "cli/worker/model_scores.h"
#include "client/learning/flush_denormals.h"
#include "client/learning/torch/factory.h"
#include "core/base/text.h"

namespace cairn {
namespace {

struct FileAndJob {
  std::string file, job;
};

Status CheckModel(const FileAndJob& options, CommandOutput& out) {
  const FlushDenormals flush;  // as every lane does
  CAIRN_ASSIGN_OR_RETURN(const ModelFile file, ModelFile::Read(options.file));
  CAIRN_ASSIGN_OR_RETURN(const ModelDescription description, DescribeModel(file, options.job));
  CAIRN_ASSIGN_OR_RETURN(const auto checks, ProbeModel(*NewTorchTaskFactory(), description, file.view()));
  out.Note(description.model.arch + ", as " + EscapeControls(description.source) + " says");
  JsonArray list;
  bool passed = true;
  for (const ModelCheck& check : checks) {
    passed = passed && check.passed;
    out.PrintLine(std::string(check.passed ? "ok      " : "failed  ") + check.name + ": " +
                  EscapeControls(check.found));
    list.Add(JsonObject().Add("name", check.name).Add("passed", check.passed).Add("found", check.found));
  }
  out.Data(JsonObject()
               .Add("path", options.file)
               .Add("arch", description.model.arch)
               .Add("passed", passed)
               .Add("checks", list));
  if (passed) {
    out.Next("cairn model export " + options.file + " --to npz --out model.npz");
  } else {
    out.ExitWith(ExitCode::kUnusable);
  }
  return {};
}

struct EvalOptions {
  std::string file, job;
  std::vector<std::string> data;
};

JsonObject ToJson(const std::string& name, const MetricValues& values) {
  return JsonObject()
      .Add("data", name)
      .Add("rows", values.rows)
      .Add("log_loss", values.log_loss)
      .Add("accuracy", values.accuracy)
      .Add("roc_auc", values.roc_auc)
      .Add("roc_auc_error", values.roc_auc_error)
      .Add("macro_f1", values.macro_f1);
}

Status EvaluateModel(const EvalOptions& options, CommandOutput& out) {
  const FlushDenormals flush;  // as every lane does
  CAIRN_ASSIGN_OR_RETURN(const ModelFile file, ModelFile::Read(options.file));
  CAIRN_ASSIGN_OR_RETURN(const auto scores,
                         ScoreModel(*NewTorchTaskFactory(), file, options.job, options.data));
  std::size_t widest = 4;
  for (const ModelScore& score : scores) widest = std::max(widest, score.data.size());
  out.PrintLine("data" + std::string(widest - 4, ' ') + "    rows  log loss  accuracy  ROC-AUC  macro F1");
  JsonArray list;
  for (const ModelScore& score : scores) {
    char auc[16] = "-", line[96];  // one class has no ROC curve
    if (!std::isnan(score.values.roc_auc)) std::snprintf(auc, sizeof auc, "%.4f", score.values.roc_auc);
    std::snprintf(line, sizeof line, "  %6lld  %8.4f  %8.4f  %7s  %8.4f",
                  static_cast<long long>(score.values.rows), score.values.log_loss, score.values.accuracy,
                  auc, score.values.macro_f1);
    out.PrintLine(EscapeControls(score.data) + std::string(widest - score.data.size(), ' ') + line);
    list.Add(ToJson(score.data, score.values));
  }
  out.Data(
      JsonObject().Add("path", options.file).Add("model_file_sha256", file.sha256()).Add("scores", list));
  return {};
}

}  // namespace

void AddModelCheck(CommandSet& commands) {
  auto options = std::make_shared<FileAndJob>();
  commands.Add("model check", "Loads a model, evaluates it twice and trains it for a step, on made rows")
      .Takes({"FILE", "a safetensors file", &options->file})
      .Has({"--job", "FILE", "the job or experiment whose net it is", &options->job})
      .Example("cairn model check runs/latest/final.safetensors")
      .Run([options](CommandOutput& out) { return CheckModel(*options, out); });
}

void AddModelEval(CommandSet& commands) {
  auto options = std::make_shared<EvalOptions>();
  commands.Add("model eval", "Measures a model on data sets, each and all together")
      .Takes({"FILE", "a safetensors file", &options->file})
      .Has({"--data",
            "NAME|PATH",
            "a [dataset.NAME] of the experiment, or a CSV file of the job's schema; may be repeated",
            &options->data,
            {},
            true})
      .Has({"--job", "FILE", "the job or experiment it was made for", &options->job, {}, true})
      .Example("cairn model eval runs/latest/final.safetensors --data digits-test --job experiment.toml")
      .Run([options](CommandOutput& out) { return EvaluateModel(*options, out); });
}

}  // namespace cairn

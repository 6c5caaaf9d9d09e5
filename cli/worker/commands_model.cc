#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/frame/command.h"
#include "cli/worker/commands.h"
#include "cli/worker/model_file.h"
#include "cli/worker/model_probe.h"
#include "cli/worker/model_scores.h"
#include "cli/worker/npz.h"
#include "client/learning/flush_denormals.h"
#include "client/learning/initial_model.h"
#include "client/learning/torch/factory.h"
#include "core/base/text.h"
#include "core/runtime/files.h"
#include "protocol/messages/blob_ref.h"

namespace cairn {
namespace {

constexpr std::uint64_t kMaxModelFile = std::uint64_t{16} << 30;
constexpr unsigned kReadableByAll = 0644;

std::string ShapeText(const Shape& shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

JsonArray ShapeJson(const Shape& shape) {
  JsonArray array;
  for (const std::int64_t size : shape) array.Add(size);
  return array;
}

const char* RoleName(Role role) {
  return role == Role::kParameter ? "parameter" : role == Role::kBuffer ? "buffer" : "counter";
}
const char* ScopeName(Scope scope) { return scope == Scope::kExchanged ? "exchanged" : "local"; }

const char* DTypeName(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "f32";
    case DType::kF16:
      return "f16";
    case DType::kBF16:
      return "bf16";
    case DType::kI64:
      return "i64";
    case DType::kI32:
      return "i32";
    case DType::kU8:
      return "u8";
    case DType::kBool:
      return "bool";
  }
  return "?";
}

// ---- model init

struct InitOptions {
  std::string arch, from, job, out;
  std::vector<std::string> sets, freeze;
  std::int64_t seed = -1;
};

Result<ModelDescription> DescriptionOf(const InitOptions& options) {
  if (!options.job.empty()) {
    if (!options.arch.empty() || !options.sets.empty() || !options.freeze.empty() || !options.from.empty() ||
        options.seed >= 0) {
      return Status(errors::kUsage, "--job says everything about the model")
          .Mend("leave out the architecture, --set, --seed, --from and --freeze, or --job");
    }
    return ModelOfJob(options.job);
  }
  if (options.arch.empty()) {
    return Status(errors::kUsage, "nothing says which model")
        .Mend("name an architecture such as linear, or --job FILE");
  }
  if (!options.from.empty() && options.seed >= 0) {
    return Status(errors::kUsage, "--seed and --from exclude each other").Mend("leave out one of them");
  }
  const std::string init = options.from.empty()
                               ? "seed:" + std::to_string(std::max<std::int64_t>(options.seed, 0))
                               : "file:" + options.from;
  CAIRN_ASSIGN_OR_RETURN(ModelConfig model, ModelFromWords(options.arch, options.sets, init));
  return ModelDescription{std::move(model), options.freeze, {}, "the command line"};
}

Status InitModel(const InitOptions& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const ModelDescription description, DescriptionOf(options));
  std::string start;
  if (const std::string path = InitialModelPath(description.model); !path.empty()) {
    CAIRN_ASSIGN_OR_RETURN(start, ReadFile(path, kMaxModelFile));
  }
  CAIRN_ASSIGN_OR_RETURN(const ParameterSet set,
                         InitialModel(*NewTorchTaskFactory(), description.model, description.freeze,
                                      std::as_bytes(std::span(start))));
  std::map<std::string, std::string> metadata = ModelMetadata(description.model);
  CAIRN_ASSIGN_OR_RETURN(const std::int64_t outputs, NewTorchTaskFactory()->Outputs(description.model));
  metadata[kOutputsKey] = std::to_string(outputs);
  const std::vector<std::byte> file = WriteSafetensors(set, metadata);
  CAIRN_RETURN_IF_ERROR(WriteFileAtomically(options.out, file, kReadableByAll));
  const ParameterSpec& spec = set.spec();
  const std::string digest = BlobRefOf(set.bytes()).hex();
  out.PrintLine(description.model.arch + ", " + std::to_string(spec.total(Role::kParameter)) +
                " parameters in " + std::to_string(spec.tensors().size()) + " tensors, " +
                description.model.init);
  out.PrintLine("file    " + options.out + ", " + std::to_string(file.size()) + " bytes");
  out.PrintLine("model   sha256 " + digest);
  out.Data(JsonObject()
               .Add("path", options.out)
               .Add("arch", description.model.arch)
               .Add("init", description.model.init)
               .Add("parameters", spec.total(Role::kParameter))
               .Add("exchanged_parameters", spec.exchanged(Role::kParameter))
               .Add("tensors", spec.tensors().size())
               .Add("bytes", file.size())
               .Add("sha256", BlobRefOf(file).hex())
               .Add("model_sha256", digest));
  out.Next("cairn model check " + options.out);
  return {};
}

void AddInit(CommandSet& commands) {
  auto options = std::make_shared<InitOptions>();
  commands.Add("model init", "Makes the first model of a job and writes it as safetensors")
      .Takes({"ARCH", "linear, mlp, cnn-small, cnn-2conv, or a preset of them", &options->arch, false})
      .Has({"--set", "KEY=VALUE", "a number of the architecture, such as inputs=13", &options->sets})
      .Has({"--seed", "N", "draw the values from this seed", &options->seed})
      .Has({"--from", "FILE", "take the values from a safetensors file", &options->from})
      .Has({"--freeze", "PATTERN", "tensors never trained and never sent", &options->freeze})
      .Has({"--job", "FILE", "make the model of this job or experiment", &options->job})
      .Has({"--out", "FILE", "where the model goes", &options->out, {}, true})
      .Example("cairn model init linear --set inputs=13 --set outputs=1 --seed 42 --out first.safetensors")
      .Example("cairn model init --job cardio.toml --out first.safetensors")
      .Run([options](CommandOutput& out) { return InitModel(*options, out); });
}

// ---- model inspect

void TellTensors(const ModelFile& file, const ParameterSpec* spec, CommandOutput& out, JsonArray& tensors) {
  std::size_t widest = 4;
  for (const SafetensorsEntry& entry : file.view().tensors) widest = std::max(widest, entry.name.size());
  const auto padded = [](std::string text, std::size_t width) {
    text.resize(std::max(text.size(), width), ' ');
    return text;
  };
  out.PrintLine(padded("name", widest) + "  dtype  role       scope      shape");
  for (const SafetensorsEntry& entry : file.view().tensors) {
    const TensorSpec* known = spec == nullptr ? nullptr : &spec->tensors()[spec->Find(entry.name)];
    const std::string role = known == nullptr ? "-" : RoleName(known->role);
    const std::string scope = known == nullptr ? "-" : ScopeName(known->scope);
    out.PrintLine(padded(EscapeControls(entry.name), widest) + "  " + padded(DTypeName(entry.dtype), 5) +
                  "  " + padded(role, 9) + "  " + padded(scope, 9) + "  " + ShapeText(entry.shape));
    tensors.Add(JsonObject()
                    .Add("name", entry.name)
                    .Add("dtype", DTypeName(entry.dtype))
                    .Add("role", role)
                    .Add("scope", scope)
                    .Add("shape", ShapeJson(entry.shape)));
  }
}

Status InspectModel(const std::string& path, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const ModelFile file, ModelFile::Read(path));
  const auto spec = SpecOfSafetensors(file.view());
  JsonObject metadata;
  JsonArray tensors;
  TellTensors(file, spec.ok() ? &*spec : nullptr, out, tensors);
  for (const auto& [key, value] : file.view().metadata) {
    if (key != "cairn.roles")
      out.PrintLine("metadata  " + EscapeControls(key) + " = " + EscapeControls(value));
    metadata.Add(key, value);
  }
  JsonObject data;
  data.Add("path", path)
      .Add("bytes", file.bytes().size())
      .Add("sha256", file.sha256())
      .Add("usable", spec.ok());
  if (spec.ok()) {
    out.PrintLine(std::to_string(spec->total(Role::kParameter)) + " parameters (" +
                  std::to_string(spec->exchanged(Role::kParameter)) + " exchanged), " +
                  std::to_string(spec->total(Role::kBuffer)) + " in buffers, " +
                  std::to_string(spec->total(Role::kCounter)) + " counters");
    data.Add("parameters", spec->total(Role::kParameter))
        .Add("exchanged_parameters", spec->exchanged(Role::kParameter));
  } else {
    out.Warn("no model of ours: " + spec.status().ToString());
    out.ExitWith(ExitCode::kUnusable);
  }
  out.PrintLine("sha256  " + file.sha256());
  out.Data(data.Add("tensors", tensors).Add("metadata", metadata));
  out.Next("cairn model check " + path);
  return {};
}

void AddInspect(CommandSet& commands) {
  auto path = std::make_shared<std::string>();
  commands.Add("model inspect", "Shows the tensors and notes of a safetensors file")
      .Takes({"FILE", "a safetensors file", path.get()})
      .Run([path](CommandOutput& out) { return InspectModel(*path, out); });
}

// ---- model check

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

void AddCheck(CommandSet& commands) {
  auto options = std::make_shared<FileAndJob>();
  commands.Add("model check", "Loads a model, evaluates it twice and trains it for a step, on made rows")
      .Takes({"FILE", "a safetensors file", &options->file})
      .Has({"--job", "FILE", "the job or experiment whose net it is", &options->job})
      .Example("cairn model check runs/latest/final.safetensors")
      .Run([options](CommandOutput& out) { return CheckModel(*options, out); });
}

// ---- model export

struct ExportOptions {
  std::string file, to = "safetensors", out;
};

Status ExportModel(const ExportOptions& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const ModelFile file, ModelFile::Read(options.file));
  CAIRN_ASSIGN_OR_RETURN(ParameterSpec spec, SpecOfSafetensors(file.view()));
  ParameterSet set(std::move(spec));
  CAIRN_RETURN_IF_ERROR(LoadSafetensors(file.view(), set));
  std::string bytes;
  if (options.to == "npz") {
    CAIRN_ASSIGN_OR_RETURN(bytes, ToNpz(set));
  } else {
    const std::vector<std::byte> written = WriteSafetensors(set, file.view().metadata);
    bytes.assign(reinterpret_cast<const char*>(written.data()), written.size());
  }
  CAIRN_RETURN_IF_ERROR(WriteFileAtomically(options.out, bytes, kReadableByAll));
  out.PrintLine("wrote " + options.out + ", " + std::to_string(set.spec().tensors().size()) + " tensors, " +
                std::to_string(bytes.size()) + " bytes");
  out.Data(JsonObject()
               .Add("path", options.out)
               .Add("to", options.to)
               .Add("tensors", set.spec().tensors().size())
               .Add("bytes", bytes.size()));
  if (options.to == "npz")
    out.Next("python3 -c 'import numpy; print(numpy.load(\"" + options.out + "\").files)'");
  return {};
}

void AddExport(CommandSet& commands) {
  auto options = std::make_shared<ExportOptions>();
  commands.Add("model export", "Writes a model for another tool")
      .Takes({"FILE", "a safetensors file", &options->file})
      .Has({"--to",
            "FORMAT",
            "npz for NumPy, or safetensors in float32",
            &options->to,
            {"npz", "safetensors"}})
      .Has({"--out", "FILE", "where it goes", &options->out, {}, true})
      .Example("cairn model export runs/latest/final.safetensors --to npz --out model.npz")
      .Run([options](CommandOutput& out) { return ExportModel(*options, out); });
}

// ---- model eval

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

void AddEval(CommandSet& commands) {
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

}  // namespace

void AddModelCommands(CommandSet& commands) {
  commands.Group("model", "Make, check, evaluate and convert models");
  AddInit(commands);
  AddInspect(commands);
  AddCheck(commands);
  AddExport(commands);
  AddEval(commands);
}

}  // namespace cairn

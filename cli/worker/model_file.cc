#include "cli/worker/model_file.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "core/base/config_reader.h"
#include "core/base/text.h"
#include "core/runtime/files.h"
#include "privacy/crypto/sha256.h"
#include "simulation/engine/experiment.h"

namespace cairn {
namespace {

constexpr std::uint64_t kMaxModelFile = std::uint64_t{16} << 30;
constexpr const char* kArchKey = "cairn.arch";
constexpr const char* kHyperKey = "cairn.hyper";

// A job around a model, so that a model named in words is read by the rules of job files.
ConfigDocument AroundModel(const std::string& arch, const std::string& init) {
  ConfigValue model, data, root;
  model.Set("arch", ConfigValue::String(arch));
  model.Set("init", ConfigValue::String(init));
  data.Set("dataset", ConfigValue::String("none"));
  root.Set("schema", ConfigValue::Integer(1));
  root.Set("name", ConfigValue::String("model"));
  root.Set("model", std::move(model));
  root.Set("data", std::move(data));
  auto document = ConfigDocument::Parse(ToToml(root), "model");
  CAIRN_CHECK(document.ok(), "what is written as TOML reads as TOML");
  return std::move(*document);
}

Result<ModelConfig> ReadModel(const ConfigDocument& document) {
  ConfigReader root(document);
  const JobFile job = ParseJobSpec(root);
  CAIRN_RETURN_IF_ERROR(root.Finish());
  return job.spec.model;
}

Result<ModelDescription> FromMetadata(const ModelFile& file, const std::string& arch,
                                      const std::string& hyper) {
  ConfigDocument document = AroundModel(arch, "seed:0");
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument table,
                         ConfigDocument::Parse("model = { hyper = " + hyper + " }", kHyperKey));
  document.Underlay(table);
  auto model = ReadModel(document);
  if (!model.ok()) return std::move(model).status().Within(file.path() + ": metadata");
  return ModelDescription{std::move(*model), {}, {}, "the file's metadata"};
}

}  // namespace

Result<ModelFile> ModelFile::Read(const std::string& path) {
  CAIRN_ASSIGN_OR_RETURN(std::string bytes, ReadFile(path, kMaxModelFile));
  ModelFile file(path, std::move(bytes));
  auto view = ParseSafetensors(std::as_bytes(std::span(*file.bytes_)));
  if (!view.ok()) return std::move(view).status().Within(EscapeControls(path));
  file.view_ = std::move(*view);
  return file;
}

std::string ModelFile::sha256() const { return Sha256::Of(bytes()).hex(); }

Result<ModelConfig> ModelFromWords(const std::string& arch, const std::vector<std::string>& sets,
                                   const std::string& init) {
  ConfigDocument document = AroundModel(arch, init);
  for (const std::string& set : sets) CAIRN_RETURN_IF_ERROR(document.ApplyFlag("model.hyper." + set));
  return ReadModel(document);
}

Result<ModelDescription> ModelOfJob(const std::string& path) {
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument document, ConfigDocument::ReadFile(path));
  ConfigReader root(document);
  ExperimentConfig config = ReadExperiment(root, std::filesystem::path(path).parent_path());
  CAIRN_RETURN_IF_ERROR(root.Finish());
  JobSpec& spec = config.job.spec;
  return ModelDescription{std::move(spec.model), std::move(spec.freeze), spec.train, path};
}

std::map<std::string, std::string> ModelMetadata(const ModelConfig& model) {
  return {{"format", "pt"}, {kArchKey, model.arch}, {kHyperKey, HyperToml(model)}};
}

Result<ModelDescription> DescribeModel(const ModelFile& file, const std::string& job) {
  if (!job.empty()) return ModelOfJob(job);
  const auto& metadata = file.view().metadata;
  const auto arch = metadata.find(kArchKey);
  const auto hyper = metadata.find(kHyperKey);
  if (arch != metadata.end() && hyper != metadata.end())
    return FromMetadata(file, arch->second, hyper->second);
  const std::filesystem::path beside = std::filesystem::path(file.path()).parent_path() / "resolved.toml";
  std::error_code error;
  if (std::filesystem::exists(beside, error)) return ModelOfJob(beside.string());
  return Status(errors::kModelConfig, EscapeControls(file.path()) + " does not say which net it belongs to")
      .Why("neither its metadata nor a resolved.toml beside it names an architecture with its numbers")
      .Mend("add --job FILE, the job or experiment it was made for");
}

}  // namespace cairn

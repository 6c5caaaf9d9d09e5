#include "cli/worker/data_choice.h"

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "client/data/byte_file.h"
#include "client/data/dataset_toml.h"
#include "client/policy/client_config.h"
#include "core/base/text.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

bool IsFile(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error) && !fs::is_directory(path, error);
}

std::vector<std::string> SplitAtCommas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return parts;
}

Status NoTable(const DataChoice& choice, const std::string& file) {
  const std::string what = EscapeControls(choice.what);
  return Status(errors::kNotFound, EscapeControls(file) + " has no table [dataset." + what + "]" +
                                       (choice.config.empty() ? ", and there is no file of that name" : ""))
      .Mend("name a [dataset.NAME] table of that file, another --config FILE, or a data file");
}

Result<DatasetConfig> FromConfig(const DataChoice& choice, const std::string& file) {
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument document, ConfigDocument::ReadFile(file));
  if (document.root().Find("model") != nullptr) {
    CAIRN_ASSIGN_OR_RETURN(const ExperimentConfig experiment, ReadJobOrExperiment(file));
    const auto found = experiment.datasets.find(choice.what);
    if (found == experiment.datasets.end()) return NoTable(choice, file);
    return found->second;
  }
  CAIRN_ASSIGN_OR_RETURN(const ClientConfig client, ParseClientConfig(document));
  const auto found = client.dataset_toml.find(choice.what);
  if (found == client.dataset_toml.end()) return NoTable(choice, file);
  return ParseDataset(found->second, choice.what, "", "");  // as the agent's worker reads it
}

Result<DatasetConfig> FromPath(const DataChoice& choice) {
  DatasetConfig config;
  config.name = fs::path(choice.what).filename().string();
  config.paths = {choice.what};
  config.labels_path = choice.labels;
  CAIRN_ASSIGN_OR_RETURN(const std::string bytes, ReadDataFile(choice.what));
  const bool is_idx = bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0;  // no text begins with NUL
  config.reader = is_idx ? "idx" : "csv";
  if (is_idx && choice.labels.empty()) {
    return Status(errors::kDatasetConfig,
                  EscapeControls(choice.what) + " holds images in IDX; their labels are a file of their own")
        .Mend("add --labels FILE");
  }
  if (!is_idx && choice.schema.empty() && choice.label.empty()) {
    return Status(errors::kDatasetConfig,
                  "nothing says which column of " + EscapeControls(choice.what) + " is the label")
        .Mend("add --label COLUMN for a first try, or --schema FILE");
  }
  config.label_column = choice.label;
  if (!choice.names.empty()) {
    config.format.header = false;
    config.format.names = SplitAtCommas(choice.names);
  }
  return config;
}

Status ApplySchema(const std::string& path, DatasetConfig& config) {
  if (path.empty() || config.reader != "csv") return {};
  CAIRN_ASSIGN_OR_RETURN(const std::string toml, ReadDataFile(path, kMaxConfigBytes));
  CAIRN_ASSIGN_OR_RETURN(config.schema, ParseDataSchema(toml, path));
  return {};
}

}  // namespace

Result<ExperimentConfig> ReadJobOrExperiment(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument document, ConfigDocument::ReadFile(path));
  ConfigReader root(document);
  ExperimentConfig config = ReadExperiment(root, folder);
  CAIRN_RETURN_IF_ERROR(root.Finish());
  CAIRN_RETURN_IF_ERROR(LoadSchema(config.job, folder));
  const std::string& schema_toml = config.job.spec.data.schema_toml;
  if (schema_toml.empty()) return config;
  CAIRN_ASSIGN_OR_RETURN(const DataSchema schema, ParseDataSchema(schema_toml, config.job.schema_path));
  for (auto& [name, dataset] : config.datasets) {
    if (dataset.reader == "csv") dataset.schema = schema;
  }
  return config;
}

Result<DatasetConfig> ChooseDataset(const DataChoice& choice) {
  const bool is_path = choice.config.empty() && IsFile(choice.what);
  if (!is_path && choice.config.empty() && !IsFile(kSiteConfig)) {
    return Status(errors::kDataNotFound, "there is no file " + EscapeControls(choice.what) + ", and no " +
                                             kSiteConfig + " that could have a table of that name")
        .Mend("check the path, or add --config FILE with the [dataset." + EscapeControls(choice.what) +
              "] table");
  }
  CAIRN_ASSIGN_OR_RETURN(
      DatasetConfig config,
      is_path ? FromPath(choice) : FromConfig(choice, choice.config.empty() ? kSiteConfig : choice.config));
  CAIRN_RETURN_IF_ERROR(ApplySchema(choice.schema, config));
  return config;
}

}  // namespace cairn

#include "simulation/engine/experiment.h"

#include "client/data/dataset_toml.h"

namespace cairn {
namespace {

constexpr ConfigChoice<TransportMode> kTransports[] = {{"direct", TransportMode::kDirect},
                                                       {"wire", TransportMode::kWire}};
constexpr ConfigChoice<DeviceModel::Law> kLaws[] = {{"none", DeviceModel::Law::kNone},
                                                    {"constant", DeviceModel::Law::kConstant},
                                                    {"lognormal", DeviceModel::Law::kLogNormal}};

void ReadPopulation(ConfigReader table, ExperimentConfig& config) {
  table.Optional("clients", &config.clients, {.min = 1, .max = 10'000'000, .about = "simulated sites"});
  table.Optional("partition", &config.partition,
                 {.about = "iid, dirichlet:A, shards:S, labels:C, quantity:A, column:NAME, file:CSV"});
  table.Optional("min_samples", &config.min_samples, {.about = "rows every client gets at least"});
  table.Optional("datasets", &config.site_datasets, {.about = "natural sites: one client a data set"});
  table.Optional("test", &config.test_dataset, {.about = "data set for central evaluation"});
  table.Optional(
      "dropout", &config.drop_outs.probability,
      {.min = 0, .max = 1, .about = "probability, below 1, that an invited site is lost in a round"});
  ConfigReader speed = table.Table("speed");
  speed.Optional("law", &config.devices.law, kLaws, "how virtual work times are drawn");
  speed.Optional("seconds_per_example", &config.devices.seconds_per_example, {.min = 0, .above_min = true});
  speed.Optional("sigma", &config.devices.sigma, {.min = 0, .max = 5});
}

Status Missing(const std::string& key, const std::string& name) {
  return Status(errors::kConfigValue,
                key + " names the data set '" + name + "', which has no [dataset." + name + "] table");
}

}  // namespace

ExperimentConfig ReadExperiment(ConfigReader& root, const std::filesystem::path& folder) {
  ExperimentConfig config;
  config.job = ParseJobSpec(root);
  ConfigReader simulation = root.Table("simulation");
  simulation.Optional("workers", &config.workers,
                      {.min = 0, .max = 1024, .about = "lanes that train; 0: one a core"});
  simulation.Optional("transport", &config.transport, kTransports, "wire really encodes every message");
  ConfigReader datasets = root.Table("dataset");
  for (const std::string& name : datasets.Keys()) {
    ConfigReader table = datasets.Table(name);
    config.datasets[name] = ReadDatasetConfig(table, name, folder);
  }
  ReadPopulation(root.Table("population"), config);
  ConfigReader output = root.Table("output");
  std::string dir = config.output_dir.string();
  output.Optional("dir", &dir, {.about = "folder of run directories"});
  config.output_dir = dir;
  output.Optional("checkpoint_every", &config.checkpoint_every,
                  {.about = "rounds between checkpoints; 0: none"});
  output.Optional("tensorboard", &config.tensorboard);
  return config;
}

Result<ExperimentConfig> ParseExperiment(const ConfigDocument& document, const std::filesystem::path& folder,
                                         std::string* resolved_toml) {
  ConfigReader root(document);
  ExperimentConfig config = ReadExperiment(root, folder);
  CAIRN_RETURN_IF_ERROR(root.Finish());
  *resolved_toml = root.ResolvedToml();
  CAIRN_RETURN_IF_ERROR(LoadSchema(config.job, folder));
  const DataTerms& data = config.job.spec.data;
  std::vector<std::string> wanted = config.site_datasets;
  if (wanted.empty()) wanted.push_back(data.dataset);
  for (const std::string& name : wanted) {
    if (!config.datasets.contains(name)) {
      return Missing(config.site_datasets.empty() ? "data.dataset" : "population.datasets", name);
    }
  }
  if (!config.test_dataset.empty() && !config.datasets.contains(config.test_dataset)) {
    return Missing("population.test", config.test_dataset);
  }
  if (config.job.spec.evaluate.central && config.test_dataset.empty()) {
    return Status(errors::kConfigValue,
                  "evaluate.where asks for central evaluation, but population.test names no data set");
  }
  if (config.drop_outs.probability >= 1)
    return Status(errors::kConfigValue, "population.dropout is 1: no site would ever report");
  if (!data.schema_toml.empty()) {
    CAIRN_ASSIGN_OR_RETURN(const DataSchema schema,
                           ParseDataSchema(data.schema_toml, config.job.schema_path));
    for (auto& [name, dataset] : config.datasets) {
      if (dataset.reader == "csv") dataset.schema = schema;
    }
  }
  return config;
}

}  // namespace cairn

#include "simulation/engine/population_builder.h"

#include <algorithm>
#include <cstdio>

#include "simulation/partition/partition.h"

namespace cairn {
namespace {

struct Shared {
  std::shared_ptr<const ExampleSource> source;
  std::vector<std::string> groups;
  std::vector<std::int64_t> labels;
};

Result<Shared> Open(const DatasetConfig& config) {
  CAIRN_ASSIGN_OR_RETURN(Dataset dataset, LoadDataset(config));
  Shared shared;
  shared.source = std::move(dataset.source);
  shared.groups = std::move(dataset.groups);
  if (shared.source->num_classes() > 0) shared.labels = AllLabels(*shared.source);
  return shared;
}

// Where privacy is promised, no row may decide how others are read.
Result<Shared> OpenForTraining(const DatasetConfig& config, const JobSpec& spec) {
  if (spec.privacy && !spec.privacy->protects_clients() && config.schema)
    CAIRN_RETURN_IF_ERROR(CheckRowsStandAlone(*config.schema));
  return Open(config);
}

void AddClient(SimPopulation& population, std::string site, const Shared& data,
               std::span<const std::uint32_t> rows, const ExperimentConfig& config) {
  const JobSpec& spec = config.job.spec;
  const std::uint64_t client = population.clients.size();
  HoldoutSplit split = TrainHoldoutSplit(*data.source, rows, spec.data.holdout,
                                         SeededRandom(spec.seed).Open({Purpose::kHoldout, 0, client}));
  std::vector<std::uint64_t> histogram(static_cast<std::size_t>(data.source->num_classes()), 0);
  for (const std::uint32_t row : rows) {
    if (!data.labels.empty()) ++histogram[static_cast<std::size_t>(data.labels[row])];
  }
  population.label_histograms.push_back(std::move(histogram));
  population.clients.push_back({std::move(site),
                                std::make_shared<Subset>(data.source, std::move(split.train)),
                                std::make_shared<Subset>(data.source, std::move(split.holdout))});
}

Status AddNaturalSites(const ExperimentConfig& config, SimPopulation& population) {
  std::vector<std::string> names = config.site_datasets;
  std::ranges::sort(names);  // participants are numbered by name
  for (const std::string& name : names) {
    CAIRN_ASSIGN_OR_RETURN(const Shared data, OpenForTraining(config.datasets.at(name), config.job.spec));
    std::vector<std::uint32_t> rows(data.source->size());
    for (std::uint32_t i = 0; i < rows.size(); ++i) rows[i] = i;
    AddClient(population, name, data, rows, config);
  }
  return {};
}

Status AddPartitionedSites(const ExperimentConfig& config, SimPopulation& population) {
  const JobSpec& spec = config.job.spec;
  DatasetConfig dataset = config.datasets.at(spec.data.dataset);
  CAIRN_ASSIGN_OR_RETURN(const PartitionScheme scheme, ParseScheme(config.partition));
  if (scheme.kind == PartitionKind::kColumn) dataset.group_column = scheme.name;
  CAIRN_ASSIGN_OR_RETURN(const Shared data, OpenForTraining(dataset, spec));
  PartitionInput input;
  input.rows = data.source->size();
  input.labels = data.labels;
  input.groups = data.groups;
  const bool natural = scheme.kind == PartitionKind::kColumn || scheme.kind == PartitionKind::kFile;
  input.clients = natural ? 0 : config.clients;
  input.min_samples = config.min_samples;
  CAIRN_ASSIGN_OR_RETURN(const ClientRows split,
                         Partition(scheme, input, SeededRandom(spec.seed).Open({Purpose::kPartition})));
  const auto count = static_cast<std::uint32_t>(split.size());
  for (std::uint32_t i = 0; i < count; ++i)
    AddClient(population, SimSiteName(i, count), data, split[i], config);
  return {};
}

}  // namespace

std::string SimSiteName(std::uint32_t index, std::uint32_t count) {
  const int digits = std::max<int>(3, static_cast<int>(std::to_string(count - 1).size()));
  char name[32];
  std::snprintf(name, sizeof name, "site-%0*u", digits, index);
  return name;
}

Result<SimPopulation> BuildPopulation(const ExperimentConfig& config) {
  SimPopulation population;
  CAIRN_RETURN_IF_ERROR(config.site_datasets.empty() ? AddPartitionedSites(config, population)
                                                     : AddNaturalSites(config, population));
  if (!config.test_dataset.empty()) {
    CAIRN_ASSIGN_OR_RETURN(const Shared test, Open(config.datasets.at(config.test_dataset)));
    population.test = test.source;
  }
  return population;
}

}  // namespace cairn

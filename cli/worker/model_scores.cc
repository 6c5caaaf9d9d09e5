#include "cli/worker/model_scores.h"

#include <optional>
#include <utility>

#include "cli/worker/data_choice.h"
#include "client/data/dataset_toml.h"

namespace cairn {
namespace {

// A [dataset.NAME] of the experiment, else a file that the job's schema describes.
Result<DatasetConfig> Find(const ExperimentConfig& experiment, const std::string& what) {
  const auto found = experiment.datasets.find(what);
  if (found != experiment.datasets.end()) return found->second;
  const std::string& schema = experiment.job.spec.data.schema_toml;
  DatasetConfig config;
  config.name = what;
  config.reader = "csv";
  config.paths = {what};
  if (schema.empty()) {
    return Status(errors::kDatasetConfig,
                  "the job has no [dataset." + what + "] table and no schema to read a file with")
        .Mend("name one of its data sets, or give the job a data.schema");
  }
  CAIRN_ASSIGN_OR_RETURN(config.schema, ParseDataSchema(schema, "schema"));
  return config;
}

}  // namespace

Result<std::vector<ModelScore>> ScoreModel(const LearningTaskFactory& factory, const ModelFile& file,
                                           const std::string& job, const std::vector<std::string>& data) {
  CAIRN_ASSIGN_OR_RETURN(const ExperimentConfig experiment, ReadJobOrExperiment(job));
  const JobSpec& spec = experiment.job.spec;
  CAIRN_ASSIGN_OR_RETURN(const auto task, factory.Create(spec.model, spec.freeze));
  CAIRN_RETURN_IF_ERROR(LoadSafetensors(file.view(), task->state()));
  std::vector<ModelScore> scores;
  std::optional<MetricSums> total;
  for (const std::string& what : data) {
    CAIRN_ASSIGN_OR_RETURN(const DatasetConfig config, Find(experiment, what));
    CAIRN_ASSIGN_OR_RETURN(const auto rows, OpenDataset(config));
    CAIRN_ASSIGN_OR_RETURN(const MetricSums sums, task->Evaluate(spec.train.loss, *rows, {}));
    scores.push_back({what, Summarize(sums)});
    if (!total) {
      total = sums;
    } else {
      CAIRN_RETURN_IF_ERROR(total->Add(sums));
    }
  }
  if (data.size() > 1) scores.push_back({"all", Summarize(*total)});
  return scores;
}

}  // namespace cairn

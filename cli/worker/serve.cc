#include "cli/worker/serve.h"

#include <iostream>
#include <memory>
#include <numeric>
#include <utility>

#include "client/data/dataset.h"
#include "client/data/dataset_toml.h"
#include "client/learning/flush_denormals.h"
#include "client/learning/torch/factory.h"
#include "client/worker/worker_server.h"

namespace cairn {
namespace {

// The site's table says where the rows are, the job's schema what they mean. Which rows are held out
// follows from the job's seed and the participant's number, as in any other run of the job.
Result<WorkerData> OpenData(const WorkRequest& request, const RandomSource& random) {
  const DataTerms& terms = request.manifest->spec.data;
  CAIRN_ASSIGN_OR_RETURN(const DatasetConfig config,
                         ParseDataset(request.dataset_toml, terms.dataset, terms.schema_toml, ""));
  if (request.privacy && config.schema) CAIRN_RETURN_IF_ERROR(CheckRowsStandAlone(*config.schema));
  CAIRN_ASSIGN_OR_RETURN(std::shared_ptr<const ExampleSource> rows, OpenDataset(config));
  std::vector<std::uint32_t> all(rows->size());
  std::iota(all.begin(), all.end(), 0u);
  HoldoutSplit split =
      TrainHoldoutSplit(*rows, all, terms.holdout, random.Open({Purpose::kHoldout, 0, request.client.value}));
  return WorkerData{std::make_shared<Subset>(rows, std::move(split.train)),
                    std::make_shared<Subset>(rows, std::move(split.holdout))};
}

}  // namespace

int ServeMain(const std::vector<std::string>& arguments) {
  const auto config = ParseWorkerArguments(arguments);
  Status status = config.status();
  if (status.ok()) {
    const FlushDenormals flush;  // as every lane does: a result must not depend on which thread made it
    const std::unique_ptr<LearningTaskFactory> tasks = NewTorchTaskFactory();
    status = ServeWorker(*config, {tasks.get(), OpenData});
  }
  if (status.ok()) return static_cast<int>(ExitCode::kOk);
  std::cerr << FormatForHumans(status);
  return static_cast<int>(ExitCodeOf(status.id()));
}

}  // namespace cairn

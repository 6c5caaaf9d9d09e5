#pragma once

#include <string>
#include <vector>

#include "cli/worker/model_file.h"
#include "client/learning/learning_task.h"
#include "protocol/messages/metrics.h"

namespace cairn {

struct ModelScore {
  std::string data;  // as named; "all" for the sum of several
  MetricValues values;
};

// Measures a model on data sets of an experiment or CSV files under the job's schema, with the job's loss.
// Of several data sets the sums are added, so that "all" is what their pooled rows would give, bit for bit.
// Errors: those of the files, kModelMismatch, kModelData, kDatasetConfig for data without schema.
Result<std::vector<ModelScore>> ScoreModel(const LearningTaskFactory& factory, const ModelFile& file,
                                           const std::string& job, const std::vector<std::string>& data);

}  // namespace cairn

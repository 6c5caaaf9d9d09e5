#pragma once

#include <string>

#include "client/data/dataset.h"
#include "core/base/result.h"
#include "simulation/engine/experiment.h"

namespace cairn {

// A data set as a command line names it: a file, or the name of a [dataset.NAME] table.
struct DataChoice {
  std::string what;    // a path, or a name
  std::string config;  // the client.toml or experiment that has the table; empty: what is a path if there
                       // is such a file, else a table of kSiteConfig
  std::string schema;  // a schema file, in place of the job's
  std::string label;   // a path: the label column, where there is no schema
  std::string labels;  // a path of IDX images: the file of their labels
  std::string names;   // a path: the columns of a CSV file without header, separated by commas
};

inline constexpr const char* kSiteConfig = "/etc/cairn/client.toml";

// Where the data set lies and how it is read; nothing of it is opened yet, but for a look at whether a
// file is CSV or IDX. kDatasetConfig when the flags do not say enough, kNotFound for a name without table,
// kDataNotFound, kSchemaInvalid, and 11xx for the configuration file.
Result<DatasetConfig> ChooseDataset(const DataChoice& choice);

// A job or experiment file; a job alone has no data sets.
Result<ExperimentConfig> ReadJobOrExperiment(const std::string& path);

}  // namespace cairn

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/data/dataset.h"
#include "core/base/result.h"
#include "simulation/engine/population_builder.h"
#include "simulation/partition/partition.h"

namespace cairn {

// One data set to be shared out over clients.
struct DataCutRequest {
  DatasetConfig dataset;
  PartitionScheme scheme;
  std::uint32_t clients = 0;  // column and file: 0 means as many as there are
  std::uint32_t min_samples = 10;
  std::uint64_t seed = 0;  // of the job
};

struct DataCut {
  Dataset dataset;
  std::vector<std::int64_t> labels;  // of each row; empty for regression
  ClientRows split;
};

// Exactly the rows, in their order, that a simulation of equal data set, scheme, clients, min_samples and
// seed gives each client, before it holds any of them out. Errors: those of LoadDataset and Partition.
Result<DataCut> CutData(DataCutRequest request);

struct DataPart {
  std::string site;
  std::vector<std::string> files;
};

// Writes site-000.csv, or site-000-images.idx and site-000-labels.idx, … into the folder, and split.csv,
// which the scheme file:split.csv reads. kDatasetConfig for data that has no file format here; kStorageIo,
// kStorageFull.
Result<std::vector<DataPart>> WriteParts(const DatasetConfig& config, const DataCut& cut,
                                         const std::string& folder);

}  // namespace cairn

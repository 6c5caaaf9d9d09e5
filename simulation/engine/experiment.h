#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "client/data/dataset.h"
#include "core/base/config_reader.h"
#include "protocol/messages/job_config.h"
#include "protocol/transport/in_process_hub.h"
#include "simulation/population/device_model.h"
#include "simulation/population/drop_out_model.h"

namespace cairn {

// An experiment file: a job, as it would be submitted, and what the simulator must know besides.
//
//   seed = 42                       # of the job
//   simulation = { workers = 2, transport = "direct" }
//   dataset.digits = { reader = "made-digits", rows = 6000 }
//   population = { clients = 10, partition = "dirichlet:0.5", min_samples = 10, test = "digits-test" }
//   population = { datasets = ["cleveland", "hungarian"] }      # natural sites instead of a partition
//   population = { clients = 10, dropout = 0.1 }                # a tenth of the invited is lost each round
//   output = { dir = "runs", checkpoint_every = 10, tensorboard = true }
struct ExperimentConfig {
  JobFile job;
  std::uint32_t workers = 0;  // 0: as many as cores
  TransportMode transport = TransportMode::kDirect;
  std::map<std::string, DatasetConfig> datasets;

  std::uint32_t clients = 10;
  std::string partition = "iid";
  std::uint32_t min_samples = 10;
  std::vector<std::string> site_datasets;  // one client each; then clients and partition do not count
  std::string test_dataset;                // measured centrally after every round; empty: none
  DeviceModel devices;
  DropOutModel drop_outs;

  std::filesystem::path output_dir = "runs";
  std::uint32_t checkpoint_every = 0;
  bool tensorboard = true;
};

// Notes faults in the reader without finishing, so that ConfigReader::Describe can ask too. Relative
// paths of data sets start at `folder`.
ExperimentConfig ReadExperiment(ConfigReader& root, const std::filesystem::path& folder);

// ReadExperiment, Finish, the job's schema, and what only the whole can be judged for: named data sets
// exist, central evaluation has a test set.
Result<ExperimentConfig> ParseExperiment(const ConfigDocument& document, const std::filesystem::path& folder,
                                         std::string* resolved_toml);

}  // namespace cairn

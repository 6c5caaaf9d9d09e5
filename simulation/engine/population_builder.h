#pragma once

#include <memory>
#include <vector>

#include "core/base/result.h"
#include "simulation/engine/experiment.h"
#include "simulation/engine/sim_work.h"

namespace cairn {

// The participants of an experiment and what is measured centrally.
struct SimPopulation {
  std::vector<SimClient> clients;  // ascending by site, so that index and ClientId are one
  std::vector<std::vector<std::uint64_t>> label_histograms;  // of each client, training and held-out rows
  std::shared_ptr<const ExampleSource> test;                 // null: none
};

// Opens the data sets, splits them over the clients (stream kPartition) and holds out each client's
// validation rows (stream kHoldout, the client): the same rows a real site with the same file and
// number would hold out.
Result<SimPopulation> BuildPopulation(const ExperimentConfig& config);

// "site-000", "site-001", …: as many digits as sort by number.
std::string SimSiteName(std::uint32_t index, std::uint32_t count);

}  // namespace cairn

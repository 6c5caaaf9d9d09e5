#pragma once

#include <span>
#include <vector>

#include "core/base/ids.h"
#include "core/base/random.h"
#include "protocol/messages/job.h"

namespace cairn {

// Who is invited to a round and how many reports close it.
struct CohortPlan {
  std::vector<ClientId> invited;  // ascending
  std::size_t goal = 0;           // reports that close the reporting phase
  std::size_t min_reports = 0;    // fewer at the deadline abandon the attempt
};

// Draws without replacement from the available clients (ascending): goal = target (0: all), invited =
// goal · (1 + over_selection) rounded up, both at most what is available. A pure function of its
// arguments.
CohortPlan SelectCohort(const CohortConfig& config, std::span<const ClientId> available, RandomStream stream);

}  // namespace cairn

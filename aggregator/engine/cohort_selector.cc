#include "aggregator/engine/cohort_selector.h"

#include <algorithm>
#include <cmath>

namespace cairn {

CohortPlan SelectCohort(const CohortConfig& config, std::span<const ClientId> available,
                        RandomStream stream) {
  CohortPlan plan;
  plan.goal = config.target == 0 ? available.size() : std::min<std::size_t>(config.target, available.size());
  const double wanted = std::ceil(static_cast<double>(plan.goal) * (1.0 + config.over_selection));
  const std::size_t invited = std::min(available.size(), static_cast<std::size_t>(wanted));
  plan.min_reports =
      config.min_reports == 0 ? plan.goal : std::min<std::size_t>(config.min_reports, plan.goal);

  if (invited == available.size()) {
    plan.invited.assign(available.begin(), available.end());
    return plan;
  }
  // A partial Fisher-Yates: as many draws as invitations, whatever the population.
  std::vector<ClientId> pool(available.begin(), available.end());
  for (std::size_t i = 0; i < invited; ++i) std::swap(pool[i], pool[i + stream.Below(pool.size() - i)]);
  plan.invited.assign(pool.begin(), pool.begin() + static_cast<std::ptrdiff_t>(invited));
  std::sort(plan.invited.begin(), plan.invited.end());
  return plan;
}

}  // namespace cairn

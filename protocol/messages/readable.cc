#include "protocol/messages/readable.h"

#include "protocol/messages/masked_layout.h"
#include "protocol/messages/site_groups.h"

namespace cairn {

std::string ReadableWords(const JobSpec& spec) {
  const auto sites = [](std::uint32_t n) { return std::to_string(n) + " sites or more"; };
  switch (spec.secagg.mode) {
    case SecAggMode::kFull:
      return "the aggregator reads one sum a round, over " + sites(SmallestMaskedCohort(spec)) +
             "; nobody reads what one site sent";
    case SecAggMode::kGrouped:
      return "the aggregator reads the sum of each group of sites, over " +
             sites(SmallestGroupSum(spec.secagg)) +
             ": a site hides among its own group alone; nobody reads what one site sent";
    case SecAggMode::kOff:
      return "the aggregator reads every site's update, weight and number of rows";
  }
  return {};
}

}  // namespace cairn

#include <string>
#include <vector>

#include "aggregator/aggregation/group_rules.h"
#include "core/base/check.h"

namespace cairn {
namespace {

std::vector<float> Combine(std::span<const AggregateUpdate> means,
                           std::vector<float> AggregateUpdate::*section, GroupRule rule, std::uint32_t trim) {
  std::vector<std::span<const float>> groups;
  for (const AggregateUpdate& mean : means) groups.emplace_back(mean.*section);
  std::vector<float> out(groups.front().size());
  switch (rule) {
    case GroupRule::kMedian:
      MedianOfGroups(groups, out);
      return out;
    case GroupRule::kTrimmedMean:
      TrimmedMeanOfGroups(groups, trim, out);
      return out;
    case GroupRule::kGeometricMedian:
      GeometricMedianOfGroups(groups, out);
      return out;
    case GroupRule::kNone:
      break;
  }
  CAIRN_CHECK(false, "a grouped job without a rule was not refused");
  return out;
}

}  // namespace

Result<AggregateUpdate> CombineGroups(std::span<const AggregateUpdate> means, GroupRule rule,
                                      std::uint32_t trim) {
  if (means.empty() || means.size() <= 2 * std::size_t{trim}) {
    return Status(errors::kAggregateEmpty, "there is nothing to combine: " + std::to_string(means.size()) +
                                               " groups, of which " + std::to_string(trim) +
                                               " are left out at either end");
  }
  AggregateUpdate result;
  result.layout = means.front().layout;
  result.parameters = Combine(means, &AggregateUpdate::parameters, rule, trim);
  result.buffers = Combine(means, &AggregateUpdate::buffers, rule, trim);
  for (const AggregateUpdate& mean : means) {
    result.total_weight += mean.total_weight;
    result.count += mean.count;
  }
  return result;
}

}  // namespace cairn

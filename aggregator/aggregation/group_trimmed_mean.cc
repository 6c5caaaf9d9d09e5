#include <vector>

#include "aggregator/aggregation/group_order.h"
#include "aggregator/aggregation/group_rules.h"

namespace cairn {

void TrimmedMeanOfGroups(GroupVectors groups, std::uint32_t trim, std::span<float> out) {
  std::vector<float> element(groups.size());
  const std::size_t kept = groups.size() - 2 * std::size_t{trim};
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (std::size_t g = 0; g < groups.size(); ++g) element[g] = groups[g][i];
    SortElements(element);
    double sum = 0;
    for (const float x : std::span(element).subspan(trim, kept)) sum += static_cast<double>(x);
    out[i] = static_cast<float>(sum / static_cast<double>(kept));
  }
}

}  // namespace cairn

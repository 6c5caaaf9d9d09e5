#include <vector>

#include "aggregator/aggregation/group_order.h"
#include "aggregator/aggregation/group_rules.h"

namespace cairn {

void MedianOfGroups(GroupVectors groups, std::span<float> out) {
  std::vector<float> element(groups.size());
  const std::size_t upper = groups.size() / 2;
  const std::size_t lower = (groups.size() - 1) / 2;
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (std::size_t g = 0; g < groups.size(); ++g) element[g] = groups[g][i];
    SortElements(element);
    out[i] =
        static_cast<float>((static_cast<double>(element[lower]) + static_cast<double>(element[upper])) / 2);
  }
}

}  // namespace cairn

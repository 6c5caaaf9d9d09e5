#include "privacy/secagg/client/sum_memory.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace cairn::secagg {
namespace {

constexpr std::size_t kMostSets = 2;

std::size_t Distance(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
  std::vector<std::uint32_t> apart;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(apart));
  return apart.size();
}

}  // namespace

Status SumMemory::Check(const std::vector<std::uint32_t>& members, std::uint32_t min_cohort) const {
  const std::vector<std::vector<std::uint32_t>> known = kept();
  if (std::find(known.begin(), known.end(), members) != known.end()) return Status::Ok();
  if (known.size() >= kMostSets) {
    return Status(errors::kSecAggSums, "this site has answered for " + std::to_string(known.size()) +
                                           " sums of this model, a third set of sites is refused");
  }
  for (const std::vector<std::uint32_t>& one : known) {
    const std::size_t apart = Distance(one, members);
    if (apart < min_cohort) {
      return Status(errors::kSecAggSums, "this set of sites and one that was answered are " +
                                             std::to_string(apart) + " sites apart, at least " +
                                             std::to_string(min_cohort) + " are asked for");
    }
  }
  return Status::Ok();
}

void SumMemory::Keep(const std::vector<std::uint32_t>& members) {
  SiteSet set(members.empty() ? 0 : *std::ranges::max_element(members) + std::size_t{1});
  for (const std::uint32_t member : members) set.Add(member);
  if (std::find(kept_.begin(), kept_.end(), set) == kept_.end()) kept_.push_back(std::move(set));
}

std::vector<std::vector<std::uint32_t>> SumMemory::kept() const {
  std::vector<std::vector<std::uint32_t>> sets;
  for (const SiteSet& set : kept_) sets.push_back(set.Members());
  return sets;
}

}  // namespace cairn::secagg

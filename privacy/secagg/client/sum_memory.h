#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "privacy/secagg/shared/site_set.h"

namespace cairn::secagg {

// The sums a site has helped to open for one (job, model): a set that differs from a kept one by fewer than
// min_cohort members is refused, and so is a third distinct set. With two sets the only combination that
// frees a part is their difference; with three more can be isolated. A value; the caller keeps it on disk.
class SumMemory {
 public:
  // kSecAggSums when answering would let part of a sum be isolated.
  Status Check(const std::vector<std::uint32_t>& members, std::uint32_t min_cohort) const;
  // Member indices, ascending; a set that is kept already is not again.
  void Keep(const std::vector<std::uint32_t>& members);
  std::vector<std::vector<std::uint32_t>> kept() const;

 private:
  std::vector<SiteSet> kept_;  // over as many as the last member asks for
};

}  // namespace cairn::secagg

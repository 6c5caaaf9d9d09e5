#pragma once

#include <cstdint>
#include <memory>

#include "core/base/status.h"
#include "privacy/secagg/server/unmask_work.h"
#include "protocol/messages/job.h"

namespace cairn {

// How a round's sums in a ring are kept apart and put together again. Of a job that is not grouped: one sum.
struct Grouping {
  std::uint32_t groups = 1;
  std::uint32_t least = 1;  // sums that must open, or the attempt has failed
  GroupRule rule = GroupRule::kNone;
  std::uint32_t trim = 0;
};

// What one sum needs to be read. Groups are counted from 0 here, in the terms of a masking from 1.
struct GroupSum {
  std::uint32_t group = 0;
  std::shared_ptr<const secagg::UnmaskWork> unmask;  // without terms where no mask was on
  std::uint64_t survivors = 0;
};

// A sum that failed its checks: thrown away, and its group with it.
struct DiscardedSum {
  std::uint32_t group = 0;
  Status why;
};

}  // namespace cairn

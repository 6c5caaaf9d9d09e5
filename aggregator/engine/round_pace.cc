#include "aggregator/engine/round_pace.h"

#include <algorithm>

namespace cairn {
namespace {

constexpr std::size_t kRemembered = 5;
constexpr int kSlack = 3, kStallTimeouts = 8;

}  // namespace

void RoundPace::Add(Duration slowest) {
  slowest_.push_back(slowest);
  if (slowest_.size() > kRemembered) slowest_.pop_front();
}

Duration RoundPace::Deadline(Duration stall_timeout) const {
  if (stall_timeout <= Duration{0}) return Duration{0};
  if (slowest_.empty()) return kLongest;
  const Duration wanted = kSlack * *std::ranges::max_element(slowest_);
  return std::min(kLongest, std::max(wanted, kStallTimeouts * stall_timeout));
}

}  // namespace cairn

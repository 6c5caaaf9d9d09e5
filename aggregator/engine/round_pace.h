#pragma once

#include <deque>

#include "core/base/clock.h"

namespace cairn {

// How long the rounds of a job take, for round.deadline = "auto": a site that counts its steps on and on, or
// whose last step never ends, holds up a round only so long. Known since this process began; a restarted
// aggregator starts with none. Not thread-safe.
class RoundPace {
 public:
  // Longest that any round may take, also the first one, of which nothing is known: time is no hint there,
  // since one site's rows may be a thousand times another's.
  static constexpr Duration kLongest = std::chrono::hours(24);

  // `slowest`: from a round's opening to the last report that it took.
  void Add(Duration slowest);

  // Three times the slowest of the last five rounds, but never below eight stall timeouts: noise of short
  // rounds must not cost a site its place. 0, none, where stall_timeout is 0.
  Duration Deadline(Duration stall_timeout) const;

 private:
  std::deque<Duration> slowest_;
};

}  // namespace cairn

#include "core/base/clock.h"

namespace cairn {

TimePoint SteadyClock::Now() const {
  return {std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

std::chrono::system_clock::time_point SystemWallClock::Now() const {
  return std::chrono::system_clock::now();
}

}  // namespace cairn

#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"

namespace cairn {

// Alarms of a driver's loop: production sets Asio timers, simulation orders events on a virtual clock.
// When a timer fires, its owner gets the TimerId as an event. Called on the control thread only.
class TimerService {
 public:
  virtual ~TimerService() = default;
  // Replaces a pending timer of this id. A time already past fires at the next turn of the loop.
  virtual void Set(TimerId id, TimePoint at) = 0;
  // After Cancel the timer does not fire, even when it was already due. Unknown ids are ignored.
  virtual void Cancel(TimerId id) = 0;
};

}  // namespace cairn

#pragma once

#include <stop_token>

namespace cairn {

// Turns the first Ctrl-C or SIGTERM into a stop request; a second one ends the process at once. One
// object a process at a time.
class InterruptStop {
 public:
  InterruptStop();
  ~InterruptStop();
  InterruptStop(const InterruptStop&) = delete;
  InterruptStop& operator=(const InterruptStop&) = delete;
  std::stop_token token() const;
};

}  // namespace cairn

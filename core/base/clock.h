#pragma once

#include <chrono>
#include <cstdint>

namespace cairn {

using Duration = std::chrono::nanoseconds;

// Monotonic time since an arbitrary start. Wall time is a separate interface, so that nobody
// orders events by it.
struct TimePoint {
  Duration since_start{0};
  friend constexpr auto operator<=>(TimePoint, TimePoint) = default;
  friend constexpr TimePoint operator+(TimePoint t, Duration d) { return {t.since_start + d}; }
  friend constexpr Duration operator-(TimePoint a, TimePoint b) { return a.since_start - b.since_start; }
};

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
};

// Seconds since 1970, for people, certificates and file names.
class WallClock {
 public:
  virtual ~WallClock() = default;
  virtual std::chrono::system_clock::time_point Now() const = 0;
};

class SteadyClock final : public Clock {
 public:
  TimePoint Now() const override;
};

class SystemWallClock final : public WallClock {
 public:
  std::chrono::system_clock::time_point Now() const override;
};

// Moved by hand: tests and the simulator's virtual time. Not thread-safe.
class ManualClock final : public Clock {
 public:
  TimePoint Now() const override { return now_; }
  void Set(TimePoint now) { now_ = now; }
  void Advance(Duration by) { now_ = now_ + by; }

 private:
  TimePoint now_;
};

}  // namespace cairn

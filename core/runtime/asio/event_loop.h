#pragma once

#include <functional>
#include <memory>

#include "core/runtime/timer_service.h"

namespace cairn {

class LocalServer;

// The control thread of a daemon: events posted from any thread, timers and signals, one after another
// on the thread that calls Run. No callback ever runs inside the call that asked for it.
//
//   EventLoop loop;
//   loop.OnTimer([&](TimerId id) { driver.Handle(TimerFired{id}); });
//   loop.OnTerminate([&] { driver.Drain(); });
//   loop.Run();                                   // until Stop
//
// Post and Stop are thread-safe, everything else belongs to the thread of Run, or to the time before it.
class EventLoop final : public TimerService {
 public:
  EventLoop();
  ~EventLoop() override;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Functions run in the order they were posted. They must not throw.
  void Post(std::function<void()> function);

  // Who hears of timers; times are those of SteadyClock.
  void OnTimer(std::function<void(TimerId)> handler);
  void Set(TimerId id, TimePoint at) override;
  void Cancel(TimerId id) override;

  // SIGTERM and SIGINT: the first calls the handler, a second one ends the process at once with the
  // exit code a shell expects (128 + number). At most one loop of a process listens to signals.
  void OnTerminate(std::function<void()> handler);
  void OnReload(std::function<void()> handler);  // SIGHUP

  void Run();
  // What was posted before still runs first; pending timers are dropped.
  void Stop();

 private:
  friend class LocalServer;
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace cairn

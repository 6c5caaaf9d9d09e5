#pragma once

#include <utility>  // Boost.Asio 1.74 needs it first under C++20

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <optional>

#include "core/runtime/asio/event_loop.h"

namespace cairn {

// What the loop is made of; seen by this folder's sources only.
class EventLoop::Core {
 public:
  Core() : context_(1), work_(context_.get_executor()) {}

  boost::asio::io_context& context() { return context_; }
  void SetTimer(TimerId id, TimePoint at);
  void CancelTimer(TimerId id) { timers_.erase(id); }
  void OnTerminate(std::function<void()> handler);
  void OnReload(std::function<void()> handler);
  void Run();
  void Stop();

  std::function<void(TimerId)> on_timer;

 private:
  struct Timer {
    boost::asio::steady_timer alarm;
    std::uint64_t generation;
  };
  void WaitForTerminate();
  void WaitForReload();

  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::map<TimerId, Timer> timers_;
  std::uint64_t next_generation_ = 0;
  std::optional<boost::asio::signal_set> terminate_signals_, reload_signals_;
  std::function<void()> on_terminate_, on_reload_;
  bool is_terminating_ = false;
};

}  // namespace cairn

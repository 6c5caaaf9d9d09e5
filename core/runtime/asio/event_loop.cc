#include "core/runtime/asio/event_loop.h"

#include <utility>

#include <boost/asio/post.hpp>
#include <csignal>
#include <cstdlib>

#include "core/base/check.h"
#include "core/runtime/asio/event_loop_core.h"

namespace cairn {

void EventLoop::Core::SetTimer(TimerId id, TimePoint at) {
  // A timer that is due has its callback queued already and cannot be called back, so each setting
  // has a generation, and an old one's callback finds itself out of date.
  const std::uint64_t generation = ++next_generation_;
  timers_.erase(id);
  const auto when = std::chrono::steady_clock::time_point(at.since_start);
  Timer& timer =
      timers_.emplace(id, Timer{boost::asio::steady_timer(context_, when), generation}).first->second;
  timer.alarm.async_wait([this, id, generation](const boost::system::error_code& error) {
    if (error) return;
    const auto found = timers_.find(id);
    if (found == timers_.end() || found->second.generation != generation) return;
    timers_.erase(found);
    if (on_timer) on_timer(id);
  });
}

void EventLoop::Core::OnTerminate(std::function<void()> handler) {
  on_terminate_ = std::move(handler);
  if (terminate_signals_) return;
  terminate_signals_.emplace(context_, SIGTERM, SIGINT);
  WaitForTerminate();
}

void EventLoop::Core::WaitForTerminate() {
  terminate_signals_->async_wait([this](const boost::system::error_code& error, int number) {
    if (error) return;
    if (is_terminating_) std::_Exit(128 + number);
    is_terminating_ = true;
    WaitForTerminate();
    on_terminate_();
  });
}

void EventLoop::Core::OnReload(std::function<void()> handler) {
  on_reload_ = std::move(handler);
  if (reload_signals_) return;
  reload_signals_.emplace(context_, SIGHUP);
  WaitForReload();
}

void EventLoop::Core::WaitForReload() {
  reload_signals_->async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    WaitForReload();
    on_reload_();
  });
}

void EventLoop::Core::Run() {
  context_.restart();
  context_.run();
}

void EventLoop::Core::Stop() {
  boost::asio::post(context_, [this] { context_.stop(); });
}

EventLoop::EventLoop() : core_(std::make_unique<Core>()) {
  // A peer that hangs up is an error of the write, never the end of a daemon.
  std::signal(SIGPIPE, SIG_IGN);
}
EventLoop::~EventLoop() = default;

void EventLoop::Post(std::function<void()> function) {
  boost::asio::post(core_->context(), std::move(function));
}
void EventLoop::OnTimer(std::function<void(TimerId)> handler) { core_->on_timer = std::move(handler); }
void EventLoop::Set(TimerId id, TimePoint at) { core_->SetTimer(id, at); }
void EventLoop::Cancel(TimerId id) { core_->CancelTimer(id); }
void EventLoop::OnTerminate(std::function<void()> handler) { core_->OnTerminate(std::move(handler)); }
void EventLoop::OnReload(std::function<void()> handler) { core_->OnReload(std::move(handler)); }
void EventLoop::Run() { core_->Run(); }
void EventLoop::Stop() { core_->Stop(); }

}  // namespace cairn

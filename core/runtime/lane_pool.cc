#include "core/runtime/lane_pool.h"

#include <pthread.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <pmmintrin.h>
#include <xmmintrin.h>
#endif

#include "core/base/check.h"

namespace cairn {
namespace {

void FlushDenormalsHere() {
#if defined(__x86_64__)
  _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
  _MM_SET_DENORMALS_ZERO_MODE(_MM_DENORMALS_ZERO_ON);
#elif defined(__aarch64__)
  std::uint64_t control = 0;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  asm volatile("msr fpcr, %0" : : "r"(control | (std::uint64_t{1} << 24)));
#endif
}

}  // namespace

// One mutex for all queues: a job is milliseconds, a queue operation nanoseconds.
class LanePool::Core {
 public:
  explicit Core(std::size_t lanes) : lanes_(lanes) {
    for (std::size_t i = 0; i < lanes; ++i) threads_.emplace_back([this, i] { Run(i); });
  }

  void Submit(std::size_t lane, Job job) {
    const std::lock_guard lock(mutex_);
    if (stop_.stop_requested()) return;
    lanes_[lane].queue.push_back(std::move(job));
    ++unfinished_;
    lanes_[lane].wake.notify_one();
  }

  void SubmitAny(Job job) {
    const std::lock_guard lock(mutex_);
    if (stop_.stop_requested()) return;
    shared_.push_back(std::move(job));
    ++unfinished_;
    WakeAnIdleLane();
  }

  void Drain() {
    std::unique_lock lock(mutex_);
    CAIRN_CHECK(here_ != this, "a job waits for itself");
    drained_.wait(lock, [this] { return unfinished_ == 0; });
  }

  void Stop() {
    CAIRN_CHECK(here_ != this, "a job ends its own thread");
    stop_.request_stop();
    std::vector<Job> dropped;  // destroyed after the lock: their captures may do anything
    {
      const std::lock_guard lock(mutex_);
      for (Lane& lane : lanes_) {
        TakeAll(lane.queue, dropped);
        lane.wake.notify_all();
      }
      TakeAll(shared_, dropped);
      unfinished_ -= dropped.size();
      if (unfinished_ == 0) drained_.notify_all();
    }
    threads_.clear();  // jthread joins
  }

  std::size_t size() const { return lanes_.size(); }
  std::stop_token stop_token() const { return stop_.get_token(); }
  std::size_t current_lane() const { return here_ == this ? here_lane_ : lanes_.size(); }

 private:
  struct Lane {
    std::deque<Job> queue;
    std::condition_variable wake;
    bool is_idle = false;
  };

  void WakeAnIdleLane() {
    for (Lane& lane : lanes_) {
      if (!lane.is_idle) continue;
      lane.is_idle = false;  // claimed: the next call wakes another lane
      lane.wake.notify_one();
      return;
    }
  }

  static void TakeAll(std::deque<Job>& from, std::vector<Job>& to) {
    for (Job& job : from) to.push_back(std::move(job));
    from.clear();
  }

  // The next job of this lane, or none when the pool stops.
  Job Next(std::size_t index, std::unique_lock<std::mutex>& lock) {
    Lane& lane = lanes_[index];
    while (!stop_.stop_requested() && lane.queue.empty() && shared_.empty()) {
      lane.is_idle = true;
      lane.wake.wait(lock);
      lane.is_idle = false;
    }
    // Also with jobs waiting: Stop may have asked already and not yet have taken them away.
    if (stop_.stop_requested()) return nullptr;
    std::deque<Job>& source = lane.queue.empty() ? shared_ : lane.queue;
    Job job = std::move(source.front());
    source.pop_front();
    // This lane may have been woken for a shared job and taken its own first.
    if (!shared_.empty()) WakeAnIdleLane();
    return job;
  }

  void Run(std::size_t index) {
    here_ = this;
    here_lane_ = index;
    pthread_setname_np(pthread_self(), ("lane-" + std::to_string(index)).c_str());
    FlushDenormalsHere();
    std::unique_lock lock(mutex_);
    while (Job job = Next(index, lock)) {
      lock.unlock();
      job(index);
      job = nullptr;  // captures go before the job counts as finished
      lock.lock();
      if (--unfinished_ == 0) drained_.notify_all();
    }
  }

  static thread_local const Core* here_;
  static thread_local std::size_t here_lane_;

  std::mutex mutex_;  // guards the queues, is_idle and unfinished_
  std::vector<Lane> lanes_;
  std::deque<Job> shared_;
  std::size_t unfinished_ = 0;  // queued and running
  std::condition_variable drained_;
  std::stop_source stop_;
  std::vector<std::jthread> threads_;  // last: joined before the rest goes
};

thread_local const LanePool::Core* LanePool::Core::here_ = nullptr;
thread_local std::size_t LanePool::Core::here_lane_ = 0;

LanePool::LanePool(std::size_t lanes) {
  CAIRN_CHECK(lanes > 0, "a pool has at least one lane");
  core_ = std::make_unique<Core>(lanes);
}
LanePool::~LanePool() { core_->Stop(); }
std::size_t LanePool::size() const { return core_->size(); }
void LanePool::Submit(std::size_t lane, Job job) {
  CAIRN_CHECK(lane < core_->size(), "no such lane");
  core_->Submit(lane, std::move(job));
}
void LanePool::SubmitAny(Job job) { core_->SubmitAny(std::move(job)); }
void LanePool::Drain() { core_->Drain(); }
void LanePool::Stop() { core_->Stop(); }
std::stop_token LanePool::stop_token() const { return core_->stop_token(); }
std::size_t LanePool::current_lane() const { return core_->current_lane(); }

}  // namespace cairn

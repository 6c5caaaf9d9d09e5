#include "protocol/grpc/strand.h"

#include <utility>

namespace cairn {

namespace {
constexpr int kJobsATurn = 16;  // then other sessions have the lane
}  // namespace

void Strand::Post(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
  if (std::exchange(is_running_, true)) return;
  lanes_.SubmitAny([self = shared_from_this()](std::size_t) { self->Run(); });
}

void Strand::Run() {
  for (int i = 0; i < kJobsATurn; ++i) {
    std::function<void()> job;
    {
      const std::lock_guard lock(mutex_);
      if (jobs_.empty()) {
        is_running_ = false;
        return;
      }
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
  lanes_.SubmitAny([self = shared_from_this()](std::size_t) { self->Run(); });
}

}  // namespace cairn

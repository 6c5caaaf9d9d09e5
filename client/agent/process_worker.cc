#include "client/agent/process_worker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "client/agent/worker_conversation.h"
#include "core/base/check.h"

namespace cairn {

ProcessWorkerClient::ProcessWorkerClient(Launcher& launcher, ProcessWorkerConfig config)
    : launcher_(launcher),
      config_(std::move(config)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this](std::stop_token stop) { Run(std::move(stop)); }) {
  CAIRN_CHECK(wake_.is_open(), "the system has no descriptor left");
  std::signal(SIGPIPE, SIG_IGN);  // a worker that is gone is an error of the write
}

ProcessWorkerClient::~ProcessWorkerClient() {
  Kill();
  thread_.request_stop();
  thread_.join();
}

void ProcessWorkerClient::Start(WorkRequest request, WorkHandler& handler) {
  const std::lock_guard lock(mutex_);
  CAIRN_CHECK(!is_busy_, "a worker does one piece of work at a time");
  is_busy_ = true;
  next_ = Piece{std::move(request), &handler, ++started_};
  changed_.notify_one();
}

void ProcessWorkerClient::Kill() {
  const std::lock_guard lock(mutex_);
  killed_ = started_;
  changed_.notify_one();
  eventfd_write(wake_.get(), 1);
}

std::optional<SandboxReport> ProcessWorkerClient::sandbox() const {
  const std::lock_guard lock(mutex_);
  return sandbox_;
}

bool ProcessWorkerClient::IsKilled(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  return killed_ >= number;
}

void ProcessWorkerClient::Run(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto is_unwanted = [this] { return conversation_ != nullptr && killed_ == started_; };
    changed_.wait(lock, stop, [&] { return next_.has_value() || is_unwanted(); });
    if (next_) {
      Piece piece = std::move(*next_);
      next_.reset();
      lock.unlock();
      Work(std::move(piece));
      lock.lock();
    } else if (is_unwanted()) {
      const auto conversation = std::move(conversation_);
      lock.unlock();
      conversation->Stop();
      lock.lock();
    } else if (stop.stop_requested()) {
      return;
    }
  }
}

void ProcessWorkerClient::Work(Piece piece) {
  Result<WorkResult> result = Do(piece);
  // A conversation that failed is over, and its process gone, before anyone hears of it.
  if (conversation_ != nullptr && !conversation_->is_sound()) conversation_.reset();
  {
    const std::lock_guard lock(mutex_);
    is_busy_ = false;
  }
  piece.request = {};  // its model may be the last one held
  piece.handler->OnDone(std::move(result));
}

Result<WorkResult> ProcessWorkerClient::Do(const Piece& piece) {
  const auto is_killed = [this, number = piece.number] { return IsKilled(number); };
  eventfd_t ignored = 0;  // a Kill of earlier work; one of this work is seen by the next line
  eventfd_read(wake_.get(), &ignored);
  if (is_killed()) return Status(errors::kCancelled, "the work was stopped");
  if (conversation_ != nullptr && !conversation_->Fits(piece.request)) {
    conversation_->Stop();
    conversation_.reset();
  }
  if (conversation_ == nullptr) {
    CAIRN_ASSIGN_OR_RETURN(
        conversation_, WorkerConversation::Open(launcher_, config_, piece.request, wake_.get(), is_killed));
    const std::lock_guard lock(mutex_);
    sandbox_ = conversation_->sandbox();
  }
  return conversation_->Do(piece.request, *piece.handler, is_killed);
}

}  // namespace cairn

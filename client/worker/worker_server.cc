#include "client/worker/worker_server.h"

#include <csignal>
#include <stop_token>
#include <utility>

#include "client/worker/worker_session.h"
#include "core/runtime/child/self_test.h"
#include "core/runtime/frame_pipe.h"

namespace cairn {
namespace {

using Event = FramePipe::Event;

constexpr Duration kProgressEvery = std::chrono::milliseconds(200);
constexpr Duration kWritePatience = std::chrono::minutes(1);  // an agent that does not read is gone

class WorkerServer {
 public:
  WorkerServer(const WorkerConfig& config, const WorkerParts& parts)
      : config_(config),
        pipe_(UniqueFd(config.requests), UniqueFd(config.replies)),
        session_(parts, UniqueFd(config.model), UniqueFd(config.update)) {}

  Status Run() {
    const auto layers = ProveConfinement(config_.sandbox, config_.must_not_read);
    if (!layers.ok()) {
      Say(EncodeWorkFailed(layers.status()));
      return layers.status();
    }
    Say(EncodeWorkerReady({config_.software, *layers}));
    while (!is_over_) {
      Status status = ServeNext();
      if (status.ok()) continue;
      Say(EncodeWorkFailed(status));  // the agent shows it; an end without words would look like a crash
      return status;
    }
    return Status::Ok();
  }

 private:
  void Say(const std::string& frame) {
    if (pipe_.Write(frame, clock_.Now() + kWritePatience) != Event::kFrame) is_over_ = true;
  }

  // The next frame, or nothing when the agent hung up.
  Result<std::optional<WorkerFrame>> Hear() {
    constexpr Duration kAnHour = std::chrono::hours(1);
    std::string bytes;
    while (true) {
      CAIRN_ASSIGN_OR_RETURN(const Event event, pipe_.Read(bytes, clock_.Now() + kAnHour));
      if (event == Event::kClosed) return std::optional<WorkerFrame>();
      if (event == Event::kFrame) break;
    }
    CAIRN_ASSIGN_OR_RETURN(WorkerFrame frame, DecodeWorkerFrame(bytes));
    return std::optional<WorkerFrame>(std::move(frame));
  }

  Status ServeNext() {
    CAIRN_ASSIGN_OR_RETURN(auto frame, Hear());
    if (!frame || std::holds_alternative<StopWork>(*frame)) {
      is_over_ = true;
      return Status::Ok();
    }
    auto* work = std::get_if<DecodedWorkRequest>(&*frame);
    if (work == nullptr)
      return Status(errors::kWorkerProtocol, "expected a request or a stop from the agent");
    Answer(std::move(*work));
    return Status::Ok();
  }

  void Answer(DecodedWorkRequest work) {
    std::stop_source stop;
    last_word_ = clock_.Now();
    const auto outcome = session_.Do(
        std::move(work), [&](std::int64_t steps) { OnStep(steps, stop); }, stop.get_token());
    if (outcome.ok()) {
      Say(EncodeWorkResult(outcome.value().result, outcome.value().update));
    } else {
      Say(EncodeWorkFailed(outcome.status()));
    }
  }

  // Between two batches: tells how far it is (the first step at once, since it ends the patience the agent
  // has with a start), and looks whether the agent still wants it. While a request is being done the
  // agent may only say stop, so any input is one.
  void OnStep(std::int64_t steps, std::stop_source& stop) {
    const TimePoint now = clock_.Now();
    if (now - last_word_ < kProgressEvery && steps != 1) return;
    last_word_ = now;
    Say(EncodeWorkProgress({steps}));
    if (is_over_ || pipe_.has_input()) stop.request_stop();
  }

  const WorkerConfig& config_;
  FramePipe pipe_;
  WorkerSession session_;
  SteadyClock clock_;
  TimePoint last_word_;
  bool is_over_ = false;
};

}  // namespace

Status ServeWorker(const WorkerConfig& config, const WorkerParts& parts) {
  std::signal(SIGPIPE, SIG_IGN);  // an agent that is gone is read from the pipe
  return WorkerServer(config, parts).Run();
}

}  // namespace cairn

#include "client/agent/worker_conversation.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/runtime/child/worker_link.h"
#include "core/runtime/io_error.h"

namespace cairn {
namespace {

using Event = FramePipe::Event;

constexpr Duration kEndPatience = std::chrono::seconds(10);  // from SIGKILL to gone, on a loaded machine

struct Pipe {
  UniqueFd from, to;
};
Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return IoError("make", "a pipe", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// A worker's update in memory of our own, which it cannot change any more.
class CopiedUpdate final : public UpdatePayload {
 public:
  CopiedUpdate(std::span<const std::byte> shared, const UpdateLayout& layout)
      : bytes_(std::make_unique_for_overwrite<std::byte[]>(shared.size())), layout_(layout) {
    std::memcpy(bytes_.get(), shared.data(), shared.size());
  }
  UpdateView view() const override { return ViewOfBytes({bytes_.get(), layout_.byte_size()}, layout_); }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  UpdateLayout layout_;
};

Status BrokeProtocol(const std::string& what) {
  return Status(errors::kWorkerProtocol, "the worker " + what);
}

std::size_t AtLeastOne(std::size_t bytes) { return std::max<std::size_t>(bytes, 1); }

}  // namespace

Result<std::unique_ptr<WorkerConversation>> WorkerConversation::Open(Launcher& launcher,
                                                                     const ProcessWorkerConfig& config,
                                                                     const WorkRequest& request, int wake,
                                                                     std::function<bool()> is_killed) {
  CAIRN_ASSIGN_OR_RETURN(const ParameterSpec spec, ParameterSpec::Create(request.manifest->tensors));
  CAIRN_ASSIGN_OR_RETURN(auto model, SharedMemory::Create("cairn-model", AtLeastOne(spec.byte_size())));
  CAIRN_ASSIGN_OR_RETURN(auto update,
                         SharedMemory::Create("cairn-update", AtLeastOne(LayoutOf(spec).byte_size())));
  std::unique_ptr<WorkerConversation> conversation(
      new WorkerConversation(config, wake, {std::move(model), std::move(update)}, spec));
  conversation->is_killed_ = std::move(is_killed);
  CAIRN_RETURN_IF_ERROR(conversation->Spawn(launcher, request));
  CAIRN_RETURN_IF_ERROR(conversation->AwaitReady());
  return conversation;
}

WorkerConversation::~WorkerConversation() {
  if (child_ == nullptr) return;
  child_->Kill();
  (void)child_->Wait(kEndPatience);
}

Status WorkerConversation::Spawn(Launcher& launcher, const WorkRequest& request) {
  CAIRN_ASSIGN_OR_RETURN(Pipe requests, MakePipe());
  CAIRN_ASSIGN_OR_RETURN(Pipe replies, MakePipe());
  ChildSpec spec;
  spec.arguments = {kWorkerCommand, config_.sandbox == SandboxMode::kRequired ? kWorkerSandboxRequired
                                                                              : kWorkerSandboxBestEffort};
  for (const auto& path : config_.must_not_read) spec.arguments.push_back(kWorkerMustNotRead + path.string());
  spec.environment = config_.environment;
  if (config_.readable) spec.readable = config_.readable(request.dataset_toml);
  spec.descriptors = {{requests.from.get(), kWorkerRequests},
                      {replies.to.get(), kWorkerReplies},
                      {memory_.model.fd(), kWorkerModel},
                      {memory_.update.fd(), kWorkerUpdate}};
  if (config_.log >= 0) spec.descriptors.push_back({config_.log, STDERR_FILENO});
  spec.limits = config_.limits;
  spec.sandbox = config_.sandbox;
  CAIRN_ASSIGN_OR_RETURN(child_, launcher.Spawn(spec));
  pipe_ = std::make_unique<FramePipe>(std::move(replies.from), std::move(requests.to), wake_);
  digest_ = request.manifest->digest;
  dataset_toml_ = request.dataset_toml;
  return Status::Ok();
}

bool WorkerConversation::Fits(const WorkRequest& request) const {
  const bool has_died = child_->Wait(Duration{0}).has_value();
  return is_sound_ && !has_died && digest_ == request.manifest->digest &&
         dataset_toml_ == request.dataset_toml;
}

// The worker closed its pipe: says how it ended.
Status WorkerConversation::Gone() {
  const auto how = child_->Wait(config_.stop_patience);
  if (!how) return BrokeProtocol("closed its pipe and lives on");
  Status status(errors::kWorkerCrashed, "the worker ended with " + how->ToString());
  if (how->signal != SIGKILL) return status;
  return std::move(status).Why("the system ended it, most often for want of memory");
}

Status WorkerConversation::Interrupted() {
  Stop();
  return Status(errors::kCancelled, "the work was stopped");
}

Result<WorkerFrame> WorkerConversation::Hear(TimePoint deadline) {
  std::string bytes;
  while (true) {
    CAIRN_ASSIGN_OR_RETURN(const Event event, pipe_->Read(bytes, deadline));
    switch (event) {
      case Event::kFrame:
        return DecodeWorkerFrame(bytes);
      case Event::kClosed:
        return Gone();
      case Event::kTimeout:
        return Status(errors::kWorkerHung, "the worker made no step in the time it has for one");
      case Event::kWoken:
        break;
    }
    if (is_killed_()) return Interrupted();
    std::uint64_t ignored = 0;  // a wake meant for an earlier piece of work
    if (read(wake_, &ignored, sizeof ignored) < 0) continue;
  }
}

Status WorkerConversation::Tell(const std::string& frame) {
  switch (pipe_->Write(frame, clock_.Now() + config_.start_patience)) {
    case Event::kFrame:
      return Status::Ok();
    case Event::kClosed:
      return Gone();
    case Event::kTimeout:
      return Status(errors::kWorkerHung, "the worker does not read its request");
    case Event::kWoken:
      break;
  }
  return Interrupted();
}

Status WorkerConversation::AwaitReady() {
  CAIRN_ASSIGN_OR_RETURN(const WorkerFrame frame, Hear(clock_.Now() + config_.start_patience));
  if (const auto* failed = std::get_if<WorkFailed>(&frame)) return failed->status;
  if (!std::holds_alternative<WorkerReady>(frame)) return BrokeProtocol("spoke before it was ready");
  return Status::Ok();
}

Result<WorkResult> WorkerConversation::Do(const WorkRequest& request, WorkHandler& handler,
                                          std::function<bool()> is_killed) {
  is_killed_ = std::move(is_killed);
  is_sound_ = false;  // until the worker has answered as it should
  const auto model = request.model->values.bytes();
  if (model.size() != spec_.byte_size()) {
    return Status(errors::kModelMismatch, "the model has " + std::to_string(model.size()) +
                                              " bytes, the job's tensors have " +
                                              std::to_string(spec_.byte_size()));
  }
  std::ranges::copy(model, memory_.model.bytes().begin());
  CAIRN_RETURN_IF_ERROR(Tell(EncodeWorkRequest(request)));
  return Await(request, handler);
}

Result<WorkResult> WorkerConversation::Await(const WorkRequest& request, WorkHandler& handler) {
  std::int64_t steps = 0;
  TimePoint deadline = clock_.Now() + config_.start_patience;
  while (true) {
    CAIRN_ASSIGN_OR_RETURN(WorkerFrame frame, Hear(deadline));
    if (auto* result = std::get_if<DecodedWorkResult>(&frame))
      return Accept(std::move(*result), request.kind);
    if (const auto* failed = std::get_if<WorkFailed>(&frame)) {
      is_sound_ = failed->status.id() != errors::kWorkerProtocol;  // after that one the worker ends
      return failed->status;
    }
    const auto* progress = std::get_if<WorkProgress>(&frame);
    if (progress == nullptr) return BrokeProtocol("sent a frame that only an agent sends");
    // Only a moving counter is progress: a worker cannot keep itself alive by talking.
    if (progress->steps_done <= steps) return BrokeProtocol("counted its steps backwards");
    steps = progress->steps_done;
    deadline = clock_.Now() + config_.step_patience;
    handler.OnProgress(*progress);
  }
}

Result<WorkResult> WorkerConversation::Accept(DecodedWorkResult decoded, RoundKind kind) {
  WorkResult result = std::move(decoded.result);
  if (decoded.update.has_value() != (kind == RoundKind::kTrain)) {
    return BrokeProtocol(decoded.update ? "sent an update for an evaluation" : "trained and sent no update");
  }
  if (decoded.update) {
    if (decoded.update->bytes != layout_.byte_size() || decoded.update->layout_hash != layout_.hash) {
      return BrokeProtocol("sent an update of another layout than the job's");
    }
    result.update = std::make_shared<CopiedUpdate>(
        std::span<const std::byte>(memory_.update.bytes()).first(layout_.byte_size()), layout_);
  }
  is_sound_ = true;
  return result;
}

void WorkerConversation::Stop() {
  is_sound_ = false;
  // Does not wait: a pipe that is full is read by nobody, and then only the signal helps.
  (void)pipe_->Write(EncodeStopWork(), clock_.Now());
  if (child_->Wait(config_.stop_patience)) return;
  child_->Kill();
  (void)child_->Wait(kEndPatience);
}

}  // namespace cairn

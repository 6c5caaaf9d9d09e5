#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/agent/process_worker.h"
#include "core/runtime/frame_pipe.h"
#include "core/runtime/shared_memory.h"
#include "core/tensor/update.h"
#include "protocol/messages/work_codec.h"

namespace cairn {

// One child and what is said to it, from its start to its end. One thread.
class WorkerConversation {
 public:
  // Starts the child and waits until it has proved its confinement. `wake` becomes readable when waiting
  // must end; then every call returns kCancelled if is_killed() says so.
  static Result<std::unique_ptr<WorkerConversation>> Open(Launcher& launcher,
                                                          const ProcessWorkerConfig& config,
                                                          const WorkRequest& request, int wake,
                                                          std::function<bool()> is_killed);
  ~WorkerConversation();  // SIGKILL, and waits for the end

  // Whether the child may serve this request too.
  bool Fits(const WorkRequest& request) const;
  // After an error the conversation is over, save for the worker's own failures (is_sound).
  Result<WorkResult> Do(const WorkRequest& request, WorkHandler& handler, std::function<bool()> is_killed);
  bool is_sound() const { return is_sound_; }
  // The stop message, some patience, then SIGKILL.
  void Stop();

  const SandboxReport& sandbox() const { return child_->sandbox(); }

 private:
  struct Memory {
    SharedMemory model, update;
  };
  WorkerConversation(const ProcessWorkerConfig& config, int wake, Memory memory, const ParameterSpec& spec)
      : config_(config), wake_(wake), memory_(std::move(memory)), spec_(spec), layout_(LayoutOf(spec)) {}

  Status Spawn(Launcher& launcher, const WorkRequest& request);
  Status AwaitReady();
  Result<WorkerFrame> Hear(TimePoint deadline);
  Status Tell(const std::string& frame);
  Status Interrupted();
  Status Gone();
  Result<WorkResult> Await(const WorkRequest& request, WorkHandler& handler);
  Result<WorkResult> Accept(DecodedWorkResult decoded, RoundKind kind);

  const ProcessWorkerConfig& config_;
  const int wake_;
  Memory memory_;
  const ParameterSpec spec_;
  const UpdateLayout layout_;
  SteadyClock clock_;
  std::function<bool()> is_killed_;
  std::string digest_, dataset_toml_;  // what the child was started for
  std::unique_ptr<ChildProcess> child_;
  std::unique_ptr<FramePipe> pipe_;
  bool is_sound_ = true;
};

}  // namespace cairn

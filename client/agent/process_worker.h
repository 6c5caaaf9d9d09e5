#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/runtime/child/launcher.h"
#include "core/runtime/unique_fd.h"
#include "protocol/transport/worker_client.h"

namespace cairn {

struct ProcessWorkerConfig {
  // What a worker may read, by its [dataset.NAME] table; null: nothing. Asked on this object's own thread.
  std::function<std::vector<std::filesystem::path>(const std::string& dataset_toml)> readable;
  std::vector<std::filesystem::path> must_not_read;  // keys, for the worker's own test
  std::vector<std::string> environment;              // WorkerEnvironment's
  ChildLimits limits;
  SandboxMode sandbox = SandboxMode::kRequired;
  int log = -1;  // where the worker's stderr goes; -1: nowhere. Borrowed; must not be a socket
  Duration start_patience = std::chrono::minutes(10);  // for loading, measuring and the first step
  Duration step_patience = std::chrono::minutes(2);    // for every further step, and the result
  Duration stop_patience = std::chrono::seconds(5);    // between the stop message and SIGKILL
};

class WorkerConversation;

// A WorkerClient whose worker is a sandboxed child, trusted no more than the network: frames are
// bounded and in strict order, its update is copied once out of shared memory whose size was chosen
// here, and what the copy holds is judged by EgressGuard. The child is kept from round to round of a
// job and replaced for another job, another data set, or after any failure.
//
// OnDone hears kWorkerMissing, kSandboxUnavailable, kConfinementFailed, kWorkerCrashed, kWorkerHung,
// kWorkerProtocol, kCancelled after Kill, or the worker's own error. After OnDone of a killed or failed
// piece of work its process is gone.
//
// Start and Kill return at once and are thread-safe; callbacks come on this object's own thread. Start again
// only after OnDone. The launcher must outlive it. The destructor kills.
class ProcessWorkerClient final : public WorkerClient {
 public:
  ProcessWorkerClient(Launcher& launcher, ProcessWorkerConfig config);
  ~ProcessWorkerClient() override;

  void Start(WorkRequest request, WorkHandler& handler) override;
  void Kill() override;  // without work, ends the process that waits for some
  // The layers around the last worker that started.
  std::optional<SandboxReport> sandbox() const;

 private:
  struct Piece {
    WorkRequest request;
    WorkHandler* handler = nullptr;
    std::uint64_t number = 0;
  };

  void Run(std::stop_token stop);
  void Work(Piece piece);
  Result<WorkResult> Do(const Piece& piece);
  bool IsKilled(std::uint64_t number) const;

  Launcher& launcher_;
  const ProcessWorkerConfig config_;
  UniqueFd wake_;  // readable: somebody called Kill
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<Piece> next_;
  bool is_busy_ = false;
  std::uint64_t started_ = 0;
  std::uint64_t killed_ = 0;  // pieces up to this number are not wanted any more
  std::optional<SandboxReport> sandbox_;
  std::unique_ptr<WorkerConversation> conversation_;  // the thread's own
  std::jthread thread_;                               // last: joined first
};

}  // namespace cairn

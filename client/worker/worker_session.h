#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "client/worker/worker_server.h"
#include "core/runtime/frame_pipe.h"
#include "core/runtime/shared_memory.h"
#include "core/tensor/update.h"
#include "protocol/messages/work_codec.h"

namespace cairn {

// What a worker keeps from request to request, and how it does one.
class WorkerSession {
 public:
  WorkerSession(const WorkerParts& parts, UniqueFd model, UniqueFd update)
      : parts_(parts), model_fd_(std::move(model)), update_fd_(std::move(update)) {}

  struct Outcome {
    WorkResult result;
    std::optional<WorkUpdateTerms> update;  // which then lies in the shared memory
  };
  // `on_step` may ask for a stop through the source the token came from.
  Result<Outcome> Do(DecodedWorkRequest work, std::function<void(std::int64_t)> on_step,
                     std::stop_token stop);

 private:
  Status Prepare(const WorkRequest& request);
  Status OpenMemory(const ParameterSpec& spec);
  Status OpenTask(const JobManifest& manifest, const ParameterSpec& spec);
  WorkUpdateTerms WriteUpdate(const ModelVersion& base);

  const WorkerParts& parts_;
  UniqueFd model_fd_, update_fd_;  // until they are mapped
  std::optional<SharedMemory> model_, update_;
  ParameterSpec spec_;
  UpdateLayout layout_;
  std::string digest_;  // of the manifest all below belongs to
  std::unique_ptr<LearningTask> task_;
  std::optional<SeededRandom> random_;
  WorkerData data_;
  std::optional<ClientId> client_;  // whose rows data_ holds
  std::string dataset_toml_;
};

}  // namespace cairn

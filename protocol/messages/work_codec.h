#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "protocol/messages/limits.h"
#include "protocol/messages/work.h"

// The pipe between an agent and its worker, as frames without their length prefix. Neither end trusts
// the other: a frame is checked like a network message. Tensors travel in shared memory whose size the
// agent chose; a frame says only sizes and layouts. Refusals are kWorkerProtocol. Pure, thread-safe.

namespace cairn {

struct StopWork {};

// The worker's first frame: what holds it.
struct WorkerReady {
  std::string software;
  std::vector<std::string> confinement;  // "seccomp", "landlock:3", "rlimits"
};

// What a result says of the update that lies in shared memory as MaterializeUpdate's bytes.
struct WorkUpdateTerms {
  std::uint64_t bytes = 0;
  std::uint64_t layout_hash = 0;
  float scale = 1;    // [0, 1]
  double weight = 1;  // (0, 1]
  friend bool operator==(const WorkUpdateTerms&, const WorkUpdateTerms&) = default;
};

struct DecodedWorkRequest {
  WorkRequest request;  // without its model
  BlobRef model;        // name and size of the model's bytes in shared memory
};

struct DecodedWorkResult {
  WorkResult result;                      // without its update
  std::optional<WorkUpdateTerms> update;  // none for an evaluation
};

struct WorkFailed {
  Status status;
};

using WorkerFrame =
    std::variant<DecodedWorkRequest, StopWork, WorkerReady, WorkProgress, DecodedWorkResult, WorkFailed>;

std::string EncodeWorkRequest(const WorkRequest& request);  // names request.model->ref
std::string EncodeStopWork();
std::string EncodeWorkerReady(const WorkerReady& ready);
std::string EncodeWorkProgress(const WorkProgress& progress);
std::string EncodeWorkResult(const WorkResult& result, const std::optional<WorkUpdateTerms>& update);
std::string EncodeWorkFailed(const Status& status);

// Any frame; std::holds_alternative tells which.
Result<WorkerFrame> DecodeWorkerFrame(std::string_view bytes, const DecodeLimits& limits = {});
// One kind of frame; another kind is refused.
Result<DecodedWorkRequest> DecodeWorkRequest(std::string_view bytes, const DecodeLimits& limits = {});
Result<WorkProgress> DecodeWorkProgress(std::string_view bytes, const DecodeLimits& limits = {});
Result<DecodedWorkResult> DecodeWorkResult(std::string_view bytes, const DecodeLimits& limits = {});

}  // namespace cairn

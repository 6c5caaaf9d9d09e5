#pragma once

#include "core/base/result.h"
#include "protocol/messages/work.h"

namespace cairn {

// Hears what a worker does. Called from any thread.
class WorkHandler {
 public:
  virtual ~WorkHandler() = default;
  virtual void OnProgress(WorkProgress progress) = 0;
  virtual void OnDone(Result<WorkResult> result) = 0;  // exactly once a Start, also after Kill
};

// One worker, one piece of work at a time.
class WorkerClient {
 public:
  virtual ~WorkerClient() = default;
  virtual void Start(WorkRequest request, WorkHandler& handler) = 0;
  virtual void Kill() = 0;  // killed means gone
};

}  // namespace cairn

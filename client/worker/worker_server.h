#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "client/data/example_source.h"
#include "client/learning/learning_task.h"
#include "core/base/random.h"
#include "core/runtime/child/sandbox.h"
#include "core/runtime/child/worker_link.h"

namespace cairn {

// A site's rows as a round uses them.
struct WorkerData {
  std::shared_ptr<const ExampleSource> train;
  std::shared_ptr<const ExampleSource> holdout;  // may be empty, never null
};

// What a worker is made of; the composition root knows LibTorch and the readers of data.
struct WorkerParts {
  const LearningTaskFactory* tasks = nullptr;
  // Opens the request's data set (its dataset_toml, the manifest's data terms) and splits off the held-out
  // rows.
  std::function<Result<WorkerData>(const WorkRequest& request, const RandomSource& random)> open_data;
};

struct WorkerConfig {
  SandboxMode sandbox = SandboxMode::kRequired;
  std::vector<std::filesystem::path> must_not_read;
  std::string software = "cairn-worker";
  // The descriptors, as worker_link.h numbers them. ServeWorker takes them.
  int requests = kWorkerRequests, replies = kWorkerReplies, model = kWorkerModel, update = kWorkerUpdate;
};

// The words after `cairn-worker serve`. kUsage names the one that is not known.
Result<WorkerConfig> ParseWorkerArguments(std::span<const std::string> arguments);

// The child's whole life: proves its confinement, says it is ready, then does what the agent asks, one
// request after another, telling the number of steps at most every 200 ms, until it is told to stop or
// the agent hangs up. A request that fails is answered with its Status and ends nothing. The model and
// the data stay open from one round of a job to the next.
//
// Not OK when the confinement does not hold (said to the agent first) or the agent broke the protocol.
// Single-threaded; SIGPIPE is ignored from here on.
Status ServeWorker(const WorkerConfig& config, const WorkerParts& parts);

}  // namespace cairn

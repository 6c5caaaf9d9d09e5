#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/ids.h"
#include "core/base/status.h"
#include "core/tensor/update.h"
#include "protocol/messages/job.h"
#include "protocol/messages/metrics.h"
#include "protocol/messages/private_training.h"

// What an agent asks of its worker and what comes back, whoever the worker is: a sandboxed child
// or a lane of the simulator.

namespace cairn {

enum class RoundKind : std::uint8_t { kTrain = 1, kEvaluate = 2 };

struct WorkRequest {
  RoundKind kind = RoundKind::kTrain;
  std::shared_ptr<const JobManifest> manifest;
  RoundId round;
  std::uint32_t attempt = 0;
  ClientId client;    // labels the training streams
  TrainConfig train;  // this round's
  // Train by DP-SGD, as charged; epochs and steps of `train` are void. Set in every training round of a job
  // that protects patients, and in no other.
  std::optional<PrivateTraining> privacy;
  bool evaluate = true;  // the received model on the held-out rows, before training
  ModelHandle model;
  std::string dataset_toml;  // the site's [dataset.NAME] table; empty in the simulator
};

struct TrainReport {
  std::int64_t examples = 0;  // rows the site trained on
  std::int64_t steps = 0;
  double loss_first = 0, loss_last = 0;  // mean loss of the first and last pass; a site's own screen only
  double seconds = 0;                    // wall time; never part of a result
};

struct WorkResult {
  TrainReport report;
  MetricSums metrics;   // empty unless evaluate
  UpdateHandle update;  // null for kEvaluate; not yet sealed
};

struct WorkProgress {
  std::int64_t steps_done = 0;
};

}  // namespace cairn

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/messages/job.h"

namespace cairn {

// What is wrong with a job, by its key in job.toml.
struct JobFault {
  std::string key;      // "train.optimizer.lr"
  std::string problem;  // "must be above 0 and at most 1000"
};

// The first thing in a spec that no aggregator or site could use, whoever made it: the one list of
// ranges behind the file reader (which adds the line) and the codec. What depends on a registry —
// which models and strategies exist — is judged by those who hold it.
std::optional<JobFault> FindJobFault(const JobSpec& spec);
std::optional<JobFault> FindTrainFault(const TrainConfig& train);

// "accuracy", "log_loss", …: what a job may be judged by.
std::span<const std::string_view> MetricNames();

// A name as in job.toml and in file names: 1 to 64 of a-z, A-Z, 0-9, '.', '_', '-', starting with a
// letter or digit.
bool IsPlainName(std::string_view name);

}  // namespace cairn

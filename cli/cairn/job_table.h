#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "simulation/report/progress.h"

namespace cairn {

// What the aggregator's admin socket says of jobs, as text for people. The JSON is admin_api.cc's.

std::string JobListTable(const nlohmann::json& jobs);
std::string JobDescription(const nlohmann::json& job);
// One line a training round, with the metrics of the model that round made.
std::string RoundTable(const nlohmann::json& job);
// Why the job is paused, and how it goes on; a line of its own.
std::string PauseNote(const nlohmann::json& job);
// Whether some site's report was refused, declined or missing in some round.
bool HasLosses(const nlohmann::json& job);

// Turns the states of a watched job into progress.
class JobWatcher {
 public:
  explicit JobWatcher(ProgressLine& progress) : progress_(progress) {}
  void Tell(const nlohmann::json& job);

 private:
  ProgressLine& progress_;
  std::uint64_t told_ = 0;  // training rounds already told as done
};

}  // namespace cairn

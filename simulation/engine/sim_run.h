#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "client/learning/learning_task.h"
#include "core/base/event.h"
#include "simulation/engine/experiment.h"
#include "simulation/engine/sim_driver.h"
#include "simulation/report/run_recorder.h"

namespace cairn {

// The stamp of a simulated run of a private job: it shows what privacy costs, and gives none.
inline constexpr const char* kSimulatedPrivacy = "noise is simulated: no privacy";

// One experiment from its file to its run directory.
struct SimRunRequest {
  ExperimentConfig config;
  std::string experiment_toml, resolved_toml, env_json;
  std::string federation = "simulation";
  const LearningTaskFactory* learners = nullptr;
  EventSink* events = nullptr;                  // warnings of the engines
  std::function<void(const RoundRow&)> on_row;  // as rounds are told
};

struct SimOutcome {
  std::filesystem::path run;  // the run directory
  JobClosed end;
  std::vector<RoundRow> rows;
  std::optional<RunRecorder::Best> best;
  BlobRef final_model;
  InProcessHub::Traffic traffic;  // of the whole run, in wire mode
};

// What the run will be, before anything runs: for `--dry-run` and the first lines on screen.
struct SimPlan {
  std::size_t clients = 0, rows = 0, test_rows = 0;
  std::int64_t parameters = 0;
  std::uint64_t bytes_up_a_round = 0, bytes_down_a_round = 0;
  std::uint64_t memory_bytes = 0;  // models, sums and data; LibTorch's own comes on top
  std::size_t lanes = 1;
};

class SimRun {
 public:
  // Opens the data, makes the first model and the engines; nothing is written yet.
  static Result<std::unique_ptr<SimRun>> Create(SimRunRequest request);
  ~SimRun();
  const SimPlan& plan() const { return plan_; }
  const JobManifest& manifest() const { return *manifest_; }
  Result<SimOutcome> Run(const std::stop_token& stop);

 private:
  SimRun() = default;
  SimRunRequest request_;
  SimPlan plan_;
  std::shared_ptr<const JobManifest> manifest_;
  std::vector<ClientRow> client_rows_;
  bool central_ = false;
  std::unique_ptr<SimDriver> driver_;
};

}  // namespace cairn

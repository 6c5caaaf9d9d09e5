#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "simulation/report/run_rows.h"

namespace cairn {

// The folder in which one run keeps all it made:
//
//   runs/2026-11-21T07-30-12_quickstart_s42/     (runs/latest → this one)
//     experiment.toml resolved.toml env.json status.json run.json log.jsonl load.py model.json
//     metrics.csv metrics.jsonl clients.csv timings.csv report.html
//     checkpoints/round-0010.safetensors best.safetensors final.safetensors tb/server/
//
// Made under a temporary name and renamed when its first round is told, so that a run that never
// began leaves nothing to be listed. Deleting the folder is always safe. Files written whole are
// renamed into place; rows are appended and flushed. Errors: kStorageIo, naming the path. One thread.
class RunDirectory {
 public:
  struct Config {
    std::filesystem::path parent = "runs";
    RunDescription run;
    std::chrono::system_clock::time_point started;
    std::string experiment_toml;  // as the user wrote it
    std::string resolved_toml;    // with every default, canonical
    std::string env_json;         // versions, machine; an object
  };
  static Result<RunDirectory> Create(Config config);

  RunDirectory(RunDirectory&&) noexcept;
  RunDirectory& operator=(RunDirectory&&) noexcept;
  ~RunDirectory();  // removes the folder if no round was ever told

  const std::filesystem::path& path() const;
  std::string id() const;  // "quickstart_s42": the same for equal runs

  Status AppendRound(const RoundRow& row);  // metrics.csv and status.json
  Status AppendMetrics(std::span<const MetricLine> lines);
  Status AppendTiming(const TimingRow& row);
  Status WriteClients(std::span<const ClientRow> rows);
  Status WriteStatus(const RunStatus& status);
  Status WriteModelJson(std::string_view json);
  // Safetensors bytes under checkpoints/round-0010, best or final.
  Status SaveCheckpoint(std::uint64_t round, std::span<const std::byte> safetensors);
  Status SaveBest(std::span<const std::byte> safetensors);
  Status SaveFinal(std::span<const std::byte> safetensors);
  Status WriteReport();  // report.html of what is there so far

  // True when this value of the deciding metric is better than all told before; then it is
  // remembered. False without a deciding metric and for NaN.
  bool IsBest(std::uint64_t round, double value);

 private:
  struct State;
  explicit RunDirectory(std::unique_ptr<State> state);
  Status Publish();
  std::unique_ptr<State> state_;
};

// The twelve lines of Python that load final.safetensors with nothing but numpy.
std::string_view LoadScript();

}  // namespace cairn

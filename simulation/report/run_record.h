#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "simulation/report/run_rows.h"

namespace cairn {

// A run read back from its directory.
struct RunRecord {
  std::filesystem::path path;
  RunDescription run;
  RunStatus status;
  std::vector<RoundRow> rounds;
  std::vector<ClientRow> clients;
  std::string resolved_toml;

  // The column of metrics, or nothing. Rounds without a value are left out.
  std::optional<std::size_t> MetricIndex(std::string_view name) const;
  struct Point {
    std::uint64_t round;
    double value;
  };
  std::vector<Point> Series(std::string_view metric) const;
  std::optional<Point> Best() const;  // of the deciding metric
  std::optional<Point> Last() const;
};

// Errors: kNoSuchRun where run.json is missing, kStorageCorrupt where a file is not what we write.
Result<RunRecord> ReadRun(const std::filesystem::path& path);

// The run directories in `parent`, oldest first, by name; empty when there is no such folder.
std::vector<std::filesystem::path> ListRuns(const std::filesystem::path& parent);

// "latest", "latest~2", the name of a run, the unique beginning or end of one, or a path.
Result<std::filesystem::path> ResolveRun(const std::filesystem::path& parent, std::string_view name);

std::string_view RunStateName(RunState state);  // "running", "finished", …

// run.json and status.json.
std::string DescriptionToJson(const RunDescription& run, const std::string& id);
std::string StatusToJson(const RunStatus& status, const RunRecord::Point* best);

}  // namespace cairn

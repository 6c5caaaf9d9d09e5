#include "simulation/report/run_record.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/json_writer.h"
#include "core/base/text.h"
#include "simulation/report/file_io.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::size_t kSmallFile = 4 << 20, kTableFile = 256 << 20;
constexpr std::string_view kStates[] = {"running", "finished", "stopped", "failed"};

template <class T>
T Number(const std::string& text, T fallback) {
  T value = fallback;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Status Corrupt(const fs::path& path, const std::string& what) {
  return Status(errors::kStorageCorrupt, EscapeControls(path.string()) + ": " + what)
      .Mend("delete the run, or restore its files");
}

void ReadDescription(const Json& json, RunDescription& run) {
  run.name = json.value("name", "");
  run.seed = json.value("seed", std::uint64_t{0});
  run.rounds = json.value("rounds", std::uint64_t{0});
  run.metrics = json.value("metrics", std::vector<std::string>());
  run.metric = json.value("metric", "");
  run.maximize = json.value("maximize", true);
  run.labels = json.value("labels", std::vector<std::string>());
  for (const Json& fact : json.value("facts", Json::array())) {
    run.facts.emplace_back(fact.at(0).get<std::string>(), fact.at(1).get<std::string>());
  }
}

void ReadStatus(const Json& json, RunStatus& status) {
  const std::string state = json.value("state", "running");
  const auto* found = std::ranges::find(kStates, state);
  if (found != std::end(kStates)) status.state = static_cast<RunState>(found - std::begin(kStates));
  status.round = json.value("round", std::uint64_t{0});
  status.rounds = json.value("rounds", std::uint64_t{0});
  status.error = json.value("error", "");
}

// Reads with the library, whose exceptions end here.
template <class Take>
Status ReadJson(const fs::path& path, Take take) {
  CAIRN_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path, kSmallFile));
  try {
    take(Json::parse(text));
  } catch (const std::exception&) {
    return Corrupt(path, "not the JSON that Cairn writes");
  }
  return {};
}

constexpr std::size_t kFixedColumns = 9;  // of metrics.csv, before the metrics; then perhaps "lost"

Status ReadRounds(const fs::path& path, RunRecord& record) {
  Result<std::string> text = ReadWholeFile(path, kTableFile);
  if (!text.ok()) return text.status().id() == errors::kNotFound ? Status() : text.status();
  const auto rows = ParseCsvRows(*text);
  record.run.counts_lost =
      !rows.empty() && rows[0].size() > kFixedColumns && rows[0][kFixedColumns] == "lost";
  const std::size_t fixed = kFixedColumns + (record.run.counts_lost ? 1 : 0);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::vector<std::string>& cells = rows[i];
    if (cells.size() != fixed + record.run.metrics.size()) return Corrupt(path, "ragged row");
    RoundRow row;
    row.round = Number<std::uint64_t>(cells[0], 0);
    row.invited = Number<std::size_t>(cells[1], 0);
    row.reported = Number<std::size_t>(cells[2], 0);
    row.declined = Number<std::size_t>(cells[3], 0);
    row.late = Number<std::size_t>(cells[4], 0);
    row.invalid = Number<std::size_t>(cells[5], 0);
    row.examples = Number<std::int64_t>(cells[6], 0);
    row.bytes_up = Number<std::uint64_t>(cells[7], 0);
    row.bytes_down = Number<std::uint64_t>(cells[8], 0);
    if (record.run.counts_lost) row.lost = Number<std::size_t>(cells[kFixedColumns], 0);
    for (std::size_t m = fixed; m < cells.size(); ++m)
      row.metrics.push_back(Number<double>(cells[m], kNoValue));
    record.rounds.push_back(std::move(row));
  }
  return {};
}

Status ReadClients(const fs::path& path, RunRecord& record) {
  Result<std::string> text = ReadWholeFile(path, kTableFile);
  if (!text.ok()) return text.status().id() == errors::kNotFound ? Status() : text.status();
  const auto rows = ParseCsvRows(*text);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::vector<std::string>& cells = rows[i];
    if (cells.size() < 4) return Corrupt(path, "ragged row");
    ClientRow row{Number<std::uint64_t>(cells[0], 0),
                  cells[1],
                  Number<std::int64_t>(cells[2], 0),
                  Number<std::uint64_t>(cells[3], 0),
                  {}};
    for (std::size_t l = 4; l < cells.size(); ++l) row.labels.push_back(Number<std::int64_t>(cells[l], 0));
    record.clients.push_back(std::move(row));
  }
  return {};
}

}  // namespace

std::string_view RunStateName(RunState state) { return kStates[static_cast<std::size_t>(state)]; }

std::string DescriptionToJson(const RunDescription& run, const std::string& id) {
  JsonArray metrics, labels, facts;
  for (const std::string& name : run.metrics) metrics.Add(name);
  for (const std::string& name : run.labels) labels.Add(name);
  for (const auto& [name, text] : run.facts) facts.AddRaw(JsonArray().Add(name).Add(text).text());
  JsonObject json;
  json.Add("schema_version", 1)
      .Add("run", id)
      .Add("name", run.name)
      .Add("seed", run.seed)
      .Add("rounds", run.rounds);
  json.Add("metrics", metrics).Add("metric", run.metric).Add("maximize", run.maximize);
  return json.Add("labels", labels).Add("facts", facts).text() + "\n";
}

std::string StatusToJson(const RunStatus& status, const RunRecord::Point* best) {
  JsonObject json;
  json.Add("schema_version", 1).Add("state", RunStateName(status.state));
  json.Add("round", status.round).Add("rounds", status.rounds);
  if (best != nullptr) json.Add("best", best->value).Add("best_round", best->round);
  if (!status.error.empty()) json.Add("error", status.error);
  return json.text() + "\n";
}

std::optional<std::size_t> RunRecord::MetricIndex(std::string_view name) const {
  const auto it = std::ranges::find(run.metrics, name);
  if (it == run.metrics.end()) return std::nullopt;
  return static_cast<std::size_t>(it - run.metrics.begin());
}

std::vector<RunRecord::Point> RunRecord::Series(std::string_view metric) const {
  std::vector<Point> points;
  const std::optional<std::size_t> index = MetricIndex(metric);
  if (!index) return points;
  for (const RoundRow& row : rounds) {
    if (std::isfinite(row.metrics[*index])) points.push_back({row.round, row.metrics[*index]});
  }
  return points;
}

std::optional<RunRecord::Point> RunRecord::Best() const {
  const std::vector<Point> points = Series(run.metric);
  if (points.empty()) return std::nullopt;
  const auto worse = [&](const Point& a, const Point& b) {
    return run.maximize ? a.value < b.value : a.value > b.value;
  };
  return *std::max_element(points.begin(), points.end(), worse);  // the first of equals
}
std::optional<RunRecord::Point> RunRecord::Last() const {
  const std::vector<Point> points = Series(run.metric);
  return points.empty() ? std::nullopt : std::optional(points.back());
}

Result<RunRecord> ReadRun(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path / "run.json", error)) {
    return Status(errors::kNoSuchRun, EscapeControls(path.string()) + " is not a run directory");
  }
  RunRecord record;
  record.path = path;
  CAIRN_RETURN_IF_ERROR(
      ReadJson(path / "run.json", [&](const Json& json) { ReadDescription(json, record.run); }));
  CAIRN_RETURN_IF_ERROR(
      ReadJson(path / "status.json", [&](const Json& json) { ReadStatus(json, record.status); }));
  CAIRN_RETURN_IF_ERROR(ReadRounds(path / "metrics.csv", record));
  CAIRN_RETURN_IF_ERROR(ReadClients(path / "clients.csv", record));
  Result<std::string> resolved = ReadWholeFile(path / "resolved.toml", kSmallFile);
  if (resolved.ok()) record.resolved_toml = std::move(resolved).value();
  return record;
}

std::vector<fs::path> ListRuns(const fs::path& parent) {
  std::vector<fs::path> runs;
  std::error_code error;
  for (fs::directory_iterator it(parent, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    const bool hidden = it->path().filename().string().starts_with(".");
    if (!hidden && !it->is_symlink(ignored) && fs::is_regular_file(it->path() / "run.json", ignored)) {
      runs.push_back(it->path());
    }
  }
  std::ranges::sort(runs);
  return runs;
}

Result<fs::path> ResolveRun(const fs::path& parent, std::string_view name) {
  const std::vector<fs::path> runs = ListRuns(parent);
  const Status missing(errors::kNoSuchRun,
                       "no run '" + EscapeControls(name) + "' in " + EscapeControls(parent.string()));
  if (name == "latest" || name.starts_with("latest~")) {
    const std::size_t back = name == "latest" ? 0 : Number<std::size_t>(std::string(name.substr(7)), 0);
    if (back >= runs.size()) return missing;
    return runs[runs.size() - 1 - back];
  }
  std::vector<fs::path> fitting;
  for (const fs::path& run : runs) {
    const std::string file = run.filename().string();
    if (file == name) return run;
    if (!name.empty() && (file.starts_with(name) || file.ends_with(name))) fitting.push_back(run);
  }
  if (fitting.size() == 1) return fitting.front();
  std::error_code error;
  if (fitting.empty() && fs::is_regular_file(fs::path(name) / "run.json", error)) return fs::path(name);
  if (fitting.empty()) return missing;
  return Status(errors::kNoSuchRun,
                "'" + EscapeControls(name) + "' fits " + std::to_string(fitting.size()) + " runs")
      .Mend("write more of its name, such as " + fitting.back().filename().string());
}

}  // namespace cairn

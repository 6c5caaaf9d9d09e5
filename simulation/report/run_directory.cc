#include "simulation/report/run_directory.h"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "core/base/json_writer.h"
#include "core/base/text.h"
#include "simulation/report/file_io.h"
#include "simulation/report/report_page.h"
#include "simulation/report/run_record.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

// Letters a file name may have everywhere.
std::string SafeName(std::string_view name) {
  std::string safe;
  for (const char c : name.substr(0, 80)) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    safe += plain ? c : '-';
  }
  return safe.empty() ? "run" : safe;
}

std::string StampOf(std::chrono::system_clock::time_point time) {
  std::string stamp = FormatUtc(time).substr(0, 19);
  for (char& c : stamp) c = c == ':' ? '-' : c;
  return stamp;
}

std::string Cell(double value) { return std::isfinite(value) ? FormatDouble(value) : ""; }

std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

struct RunDirectory::State {
  RunDescription run;
  fs::path parent, path;
  std::string name;
  bool is_published = false;
  RunStatus status;
  bool has_best = false;
  RunRecord::Point best{0, 0};

  std::string id() const { return SafeName(run.name) + "_s" + std::to_string(run.seed); }

  // Appends to a table, writing its header first.
  Status Append(const char* file, const std::string& header, const std::string& rows) const {
    errno = 0;
    const fs::path target = path / file;
    std::error_code ignored;
    const bool is_new = !fs::exists(target, ignored);
    std::ofstream out(target, std::ios::binary | std::ios::app);
    if (is_new) out << header;
    out << rows << std::flush;
    if (out) return {};
    return Status(errno == ENOSPC ? errors::kStorageFull : errors::kStorageIo,
                  "cannot append to " + EscapeControls(target.string()) + ": " + std::strerror(errno));
  }
  Status WriteStatusFile() const {
    return WriteWholeFile(path / "status.json", StatusToJson(status, has_best ? &best : nullptr));
  }
};

RunDirectory::RunDirectory(std::unique_ptr<State> state) : state_(std::move(state)) {}
RunDirectory::RunDirectory(RunDirectory&&) noexcept = default;
RunDirectory& RunDirectory::operator=(RunDirectory&&) noexcept = default;

RunDirectory::~RunDirectory() {
  if (state_ == nullptr || state_->is_published) return;
  std::error_code ignored;
  fs::remove_all(state_->path, ignored);
}

Result<RunDirectory> RunDirectory::Create(Config config) {
  auto state = std::make_unique<State>();
  state->run = std::move(config.run);
  state->parent = config.parent;
  state->name = StampOf(config.started) + "_" + state->id();
  state->status.rounds = state->run.rounds;
  std::error_code error;
  fs::create_directories(config.parent, error);
  for (int attempt = 1; !error; ++attempt) {
    const std::string name = attempt == 1 ? state->name : state->name + "-" + std::to_string(attempt);
    state->path = config.parent / (".new-" + name);
    std::error_code ignored;
    if (!fs::exists(config.parent / name, ignored) && fs::create_directory(state->path, error) && !error) {
      state->name = name;
      break;
    }
  }
  if (error) {
    return Status(errors::kStorageIo,
                  "cannot make a run in " + EscapeControls(config.parent.string()) + ": " + error.message())
        .Mend("choose another folder with --out");
  }
  RunDirectory directory(std::move(state));
  State& made = *directory.state_;
  CAIRN_RETURN_IF_ERROR(WriteWholeFile(made.path / "run.json", DescriptionToJson(made.run, made.id())));
  CAIRN_RETURN_IF_ERROR(WriteWholeFile(made.path / "experiment.toml", config.experiment_toml));
  CAIRN_RETURN_IF_ERROR(WriteWholeFile(made.path / "resolved.toml", config.resolved_toml));
  CAIRN_RETURN_IF_ERROR(WriteWholeFile(made.path / "env.json", config.env_json));
  CAIRN_RETURN_IF_ERROR(WriteWholeFile(made.path / "load.py", LoadScript()));
  CAIRN_RETURN_IF_ERROR(made.WriteStatusFile());
  return directory;
}

const fs::path& RunDirectory::path() const { return state_->path; }
std::string RunDirectory::id() const { return state_->id(); }

// Gives the folder its name and points `latest` at it.
Status RunDirectory::Publish() {
  if (state_->is_published) return {};
  std::error_code error;
  const fs::path target = state_->parent / state_->name;
  fs::rename(state_->path, target, error);
  if (error) {
    return Status(errors::kStorageIo,
                  "cannot name " + EscapeControls(target.string()) + ": " + error.message());
  }
  state_->path = target;
  state_->is_published = true;
  // A link cannot be replaced in one step but by renaming another over it. A file system without
  // links only loses the convenience.
  const fs::path link = state_->parent / (".latest-" + state_->name);
  fs::create_directory_symlink(state_->name, link, error);
  if (!error) fs::rename(link, state_->parent / "latest", error);
  if (error) fs::remove(link, error);
  return {};
}

Status RunDirectory::AppendRound(const RoundRow& row) {
  std::string header = "round,invited,reported,declined,late,invalid,examples,bytes_up,bytes_down";
  if (state_->run.counts_lost) header += ",lost";
  for (const std::string& metric : state_->run.metrics) header += "," + CsvCell(metric);
  std::string line = std::to_string(row.round);
  for (const std::uint64_t n :
       {static_cast<std::uint64_t>(row.invited), static_cast<std::uint64_t>(row.reported),
        static_cast<std::uint64_t>(row.declined), static_cast<std::uint64_t>(row.late),
        static_cast<std::uint64_t>(row.invalid), static_cast<std::uint64_t>(row.examples), row.bytes_up,
        row.bytes_down}) {
    line += "," + std::to_string(n);
  }
  if (state_->run.counts_lost) line += "," + std::to_string(row.lost);
  for (std::size_t i = 0; i < state_->run.metrics.size(); ++i) {
    line += "," + Cell(i < row.metrics.size() ? row.metrics[i] : kNoValue);
  }
  CAIRN_RETURN_IF_ERROR(state_->Append("metrics.csv", header + "\n", line + "\n"));
  state_->status.round = row.round;
  CAIRN_RETURN_IF_ERROR(state_->WriteStatusFile());
  return Publish();
}

Status RunDirectory::AppendMetrics(std::span<const MetricLine> lines) {
  std::string text;
  for (const MetricLine& line : lines) {
    JsonObject json;
    json.Add("run", id()).Add("round", line.round).Add("site", line.site).Add("split", line.split);
    text += json.Add("name", line.name).Add("value", line.value).Add("n", line.n).text() + "\n";
  }
  return state_->Append("metrics.jsonl", "", text);
}

Status RunDirectory::AppendTiming(const TimingRow& row) {
  const std::string line = std::to_string(row.round) + "," + Cell(row.total) + "," + Cell(row.train) + "," +
                           Cell(row.aggregate) + "," + Cell(row.evaluate) + "\n";
  return state_->Append("timings.csv", "round,total_s,train_s,aggregate_s,evaluate_s\n", line);
}

Status RunDirectory::WriteClients(std::span<const ClientRow> rows) {
  std::size_t labels = 0;
  for (const ClientRow& row : rows) labels = std::max(labels, row.labels.size());
  std::string text = "client,name,examples,rounds";
  for (std::size_t l = 0; l < labels; ++l) {
    text +=
        "," + CsvCell(l < state_->run.labels.size() ? state_->run.labels[l] : "label_" + std::to_string(l));
  }
  text += "\n";
  for (const ClientRow& row : rows) {
    text += std::to_string(row.client) + "," + CsvCell(row.name) + "," + std::to_string(row.examples) + "," +
            std::to_string(row.rounds);
    for (std::size_t l = 0; l < labels; ++l)
      text += "," + std::to_string(l < row.labels.size() ? row.labels[l] : 0);
    text += "\n";
  }
  return WriteWholeFile(state_->path / "clients.csv", text);
}

Status RunDirectory::WriteStatus(const RunStatus& status) {
  state_->status = status;
  return state_->WriteStatusFile();
}

Status RunDirectory::WriteModelJson(std::string_view json) {
  return WriteWholeFile(state_->path / "model.json", json);
}

Status RunDirectory::SaveCheckpoint(std::uint64_t round, std::span<const std::byte> safetensors) {
  std::error_code error;
  fs::create_directories(state_->path / "checkpoints", error);
  char name[48];
  std::snprintf(name, sizeof name, "round-%04llu.safetensors", static_cast<unsigned long long>(round));
  return WriteWholeFile(state_->path / "checkpoints" / name, AsText(safetensors));
}
Status RunDirectory::SaveBest(std::span<const std::byte> safetensors) {
  return WriteWholeFile(state_->path / "best.safetensors", AsText(safetensors));
}
Status RunDirectory::SaveFinal(std::span<const std::byte> safetensors) {
  return WriteWholeFile(state_->path / "final.safetensors", AsText(safetensors));
}

Status RunDirectory::WriteReport() {
  CAIRN_ASSIGN_OR_RETURN(const RunRecord record, ReadRun(state_->path));
  return WriteWholeFile(state_->path / "report.html", RenderReport(record));
}

bool RunDirectory::IsBest(std::uint64_t round, double value) {
  if (state_->run.metric.empty() || std::isnan(value)) return false;
  const bool better =
      !state_->has_best || (state_->run.maximize ? value > state_->best.value : value < state_->best.value);
  if (better) {
    state_->has_best = true;
    state_->best = {round, value};
  }
  return better;
}

std::string_view LoadScript() {
  return R"(import json, pathlib  # prints the weights of this run
import numpy as np
TYPES = {"F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "|u1", "BOOL": "|b1"}
def load(path):
    raw = pathlib.Path(path).read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    entries = {k: v for k, v in json.loads(raw[8:start]).items() if k != "__metadata__"}
    return {k: np.frombuffer(raw[start:][slice(*v["data_offsets"])], TYPES[v["dtype"]]).reshape(v["shape"])
            for k, v in entries.items()}
if __name__ == "__main__":
    for name, array in load(pathlib.Path(__file__).with_name("final.safetensors")).items():
        print(f"{name:40} {array.dtype} {array.shape}")
)";
}

}  // namespace cairn

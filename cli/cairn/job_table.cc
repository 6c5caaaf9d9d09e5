#include "cli/cairn/job_table.h"

#include <cstdio>
#include <vector>

namespace cairn {
namespace {

using Json = nlohmann::json;

std::string Text(const Json& json, const char* key) {
  return json.contains(key) ? json.at(key).get<std::string>() : "";
}

// Training rounds, each with what the next round measured of its model.
struct Row {
  std::uint64_t round = 0, invited = 0, reported = 0;
  std::int64_t examples = 0;
  Json measured;  // null until known
};

std::vector<Row> Rows(const Json& job) {
  std::vector<Row> rows;
  for (const Json& entry : job.at("history")) {
    if (!rows.empty() && entry.contains("measured")) rows.back().measured = entry.at("measured");
    if (entry.at("kind") != "train") continue;
    rows.push_back({entry.at("round"), entry.at("invited"), entry.at("reported"), entry.at("examples"), {}});
  }
  return rows;
}

template <class... Values>
std::string Format(const char* format, Values... values) {
  char line[256];
  std::snprintf(line, sizeof line, format, values...);
  return line;
}

}  // namespace

std::string JobListTable(const Json& jobs) {
  std::string text = Format("%-6s %-24s %-11s %9s  %s\n", "ID", "NAME", "STATE", "ROUNDS", "SITES");
  for (const Json& job : jobs) {
    const std::string state = job.contains("outcome") ? Text(job, "outcome") : Text(job, "state");
    const std::string rounds =
        std::to_string(job.at("rounds_done").get<int>()) + "/" + std::to_string(job.at("rounds").get<int>());
    text += Format("%-6s %-24.24s %-11s %9s  %zu\n", Text(job, "id").c_str(), Text(job, "name").c_str(),
                   state.c_str(), rounds.c_str(), job.at("participants").size());
  }
  return text;
}

std::string JobDescription(const Json& job) {
  std::string text = Text(job, "id") + "  " + Text(job, "name") + "\n";
  text += "state     " + (job.contains("outcome") ? Text(job, "outcome") : Text(job, "state")) + "\n";
  if (!Text(job, "reason").empty()) text += "reason    " + Text(job, "reason") + "\n";
  text += "manifest  " + Text(job, "digest") + "\nsubmitter " + Text(job, "submitter") + "\nsites    ";
  for (const Json& site : job.at("participants")) text += " " + site.get<std::string>();
  text += "\n";
  if (!Text(job, "run").empty()) text += "run       " + Text(job, "run") + "\n";
  return text + RoundTable(job);
}

std::string RoundTable(const Json& job) {
  std::string text = "round  sites  examples  log loss  accuracy  ROC-AUC  macro F1\n";
  for (const Row& row : Rows(job)) {
    text += Format("%5llu  %2llu/%-2llu  %8lld", static_cast<unsigned long long>(row.round),
                   static_cast<unsigned long long>(row.reported),
                   static_cast<unsigned long long>(row.invited), static_cast<long long>(row.examples));
    if (!row.measured.is_null()) {
      text += Format("  %8.4f  %8.4f  %7.4f  %8.4f", row.measured.at("log_loss").get<double>(),
                     row.measured.at("accuracy").get<double>(), row.measured.at("roc_auc").get<double>(),
                     row.measured.at("macro_f1").get<double>());
    }
    text += "\n";
  }
  return text;
}

bool HasLosses(const Json& job) {
  for (const Json& entry : job.at("history")) {
    if (entry.at("declined") != 0 || entry.at("invalid") != 0) return true;
    if (entry.at("reported") < entry.at("invited") && entry.at("late") == 0) return true;
  }
  return false;
}

void JobWatcher::Tell(const Json& job) {
  Progress progress;
  progress.name = Text(job, "name");
  progress.rounds = job.at("rounds");
  const std::vector<Row> rows = Rows(job);
  for (const Row& row : rows) {
    if (row.round <= told_ || row.measured.is_null()) continue;
    told_ = row.round;
    progress.round = row.round;
    progress.invited = row.invited;
    progress.reported = row.reported;
    progress.values = {{"loss", row.measured.at("log_loss")}, {"acc", row.measured.at("accuracy")}};
    progress_.RoundDone(progress);
  }
  progress.round = std::min<std::uint64_t>(rows.size() + 1, progress.rounds);
  progress.reported = job.at("reported");
  progress.invited = progress.reported + job.at("pending").get<std::size_t>();
  progress_.Update(progress);
}

}  // namespace cairn

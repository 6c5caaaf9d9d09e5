#include "cli/cairn/job_table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
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

// A metric that is not defined, as the ROC area of one class, comes as null.
std::optional<double> Number(const Json& measured, const char* key) {
  const Json& value = measured.at(key);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

std::string Cell(const Json& measured, const char* key, int width) {
  const std::optional<double> value = Number(measured, key);
  return value ? Format("  %*.4f", width, *value) : Format("  %*s", width, "-");
}

// What the job promises each site's patients, or the site. What it has cost is in each site's own ledger.
std::string PrivacyLine(const Json& privacy) {
  return Text(privacy, "unit") + ", " + Text(privacy, "mechanism") +
         Format(", clip %g, noise multiplier %g", privacy.at("clip").get<double>(),
                privacy.at("noise_multiplier").get<double>()) +
         "; each site keeps its own account of ε";
}

// The aggregator's own account, of jobs whose noise it adds; bounds are rounded up.
std::string BudgetLine(const Json& budget) {
  const double spent = std::ceil(budget.at("spent").get<double>() * 100) / 100;
  return Format("budget    ε %.2f of %.2f at δ %g spent by all jobs with the aggregator's noise\n", spent,
                budget.at("cap").get<double>(), budget.at("delta").get<double>());
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
  if (Text(job, "state") == "paused")
    text += "next      cairn job resume " + Text(job, "id") + ", or cairn job stop " + Text(job, "id") + "\n";
  if (!Text(job, "reason").empty()) text += "reason    " + Text(job, "reason") + "\n";
  if (job.contains("privacy")) {
    text += "privacy   " + PrivacyLine(job.at("privacy")) + "\n";
    const Json budget = job.at("privacy").value("budget", Json());
    if (budget.is_object()) text += BudgetLine(budget);
  }
  text += "manifest  " + Text(job, "digest") + "\nsubmitter " + Text(job, "submitter") + "\nreadable  " +
          Text(job, "readable") + "\nsites    ";
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
      text += Cell(row.measured, "log_loss", 8) + Cell(row.measured, "accuracy", 8) +
              Cell(row.measured, "roc_auc", 7) + Cell(row.measured, "macro_f1", 8);
    }
    text += "\n";
  }
  return text;
}

std::string PauseNote(const Json& job) {
  return "paused: " + Text(job, "reason") + "\ncairn job resume " + Text(job, "id") +
         " lets it go on, cairn job stop " + Text(job, "id") + " ends it\n";
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
  const bool is_never_measured = job.contains("privacy");  // metrics on patients' rows would be releases too
  for (const Row& row : rows) {
    if (row.round <= told_ || (row.measured.is_null() && !is_never_measured)) continue;
    told_ = row.round;
    progress.round = row.round;
    progress.invited = row.invited;
    progress.reported = row.reported;
    progress.values.clear();
    if (row.measured.is_null()) {
      progress_.RoundDone(progress);
      continue;
    }
    if (const auto loss = Number(row.measured, "log_loss")) progress.values.emplace_back("loss", *loss);
    if (const auto accuracy = Number(row.measured, "accuracy"))
      progress.values.emplace_back("acc", *accuracy);
    progress_.RoundDone(progress);
  }
  progress.round = std::min<std::uint64_t>(rows.size() + 1, progress.rounds);
  progress.reported = job.at("reported");
  progress.invited = progress.reported + job.at("pending").get<std::size_t>();
  progress_.Update(progress);
}

}  // namespace cairn

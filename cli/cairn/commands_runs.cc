#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <sstream>

#include "cli/cairn/browser.h"
#include "cli/cairn/commands.h"
#include "core/base/config.h"
#include "core/base/text.h"
#include "simulation/report/file_io.h"
#include "simulation/report/report_page.h"
#include "simulation/report/run_record.h"

namespace cairn {
namespace {

struct RunsOptions {
  std::string dir = "runs", run = "latest", metric;
  std::vector<std::string> runs;
  bool open = false;
};

std::string Short(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", value);
  return text;
}

std::string Padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

JsonObject Summary(const RunRecord& record) {
  JsonObject json;
  json.Add("run", record.path.filename().string()).Add("path", record.path.string());
  json.Add("name", record.run.name)
      .Add("seed", record.run.seed)
      .Add("state", RunStateName(record.status.state));
  json.Add("round", record.status.round).Add("rounds", record.status.rounds).Add("metric", record.run.metric);
  if (const auto last = record.Last()) json.Add("last", last->value);
  if (const auto best = record.Best()) json.Add("best", best->value).Add("best_round", best->round);
  return json;
}

Status List(const RunsOptions& options, CommandOutput& out) {
  JsonArray all;
  std::vector<RunRecord> records;
  std::size_t widest = 3;
  for (const auto& path : ListRuns(options.dir)) {
    Result<RunRecord> record = ReadRun(path);
    if (!record.ok()) {
      out.Warn(record.status().what());
      continue;
    }
    all.Add(Summary(*record));
    widest = std::max(widest, path.filename().string().size());
    records.push_back(std::move(record).value());
  }
  out.Data(JsonObject().Add("runs", all));
  if (records.empty()) {
    out.Note("no runs in " + EscapeControls(options.dir));
    out.Next("cairn sim run quickstart");
    return {};
  }
  out.PrintLine(
      out.terminal().Bold(Padded("RUN", widest) + "  STATE     ROUNDS   METRIC          LAST    BEST"));
  for (const RunRecord& record : records) {
    const auto last = record.Last(), best = record.Best();
    out.PrintLine(
        Padded(record.path.filename().string(), widest) + "  " +
        Padded(std::string(RunStateName(record.status.state)), 10) +
        Padded(std::to_string(record.status.round) + "/" + std::to_string(record.status.rounds), 9) +
        Padded(record.run.metric, 14) + "  " + Padded(last ? Short(last->value) : "-", 8) +
        (best ? Short(best->value) : "-"));
  }
  return {};
}

Status Show(const RunsOptions& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const auto path, ResolveRun(options.dir, options.run));
  CAIRN_ASSIGN_OR_RETURN(const RunRecord record, ReadRun(path));
  out.PrintLine(out.terminal().Bold(EscapeControls(record.run.name)) + "  " +
                std::string(RunStateName(record.status.state)) + " · round " +
                std::to_string(record.status.round) + " of " + std::to_string(record.status.rounds) +
                " · seed " + std::to_string(record.run.seed));
  for (const auto& [name, text] : record.run.facts) {
    out.PrintLine("  " + Padded(EscapeControls(name), 12) + EscapeControls(text));
  }
  if (const auto best = record.Best()) {
    out.PrintLine("  " + Padded(record.run.metric, 12) + Short(record.Last()->value) + " (best " +
                  Short(best->value) + " in round " + std::to_string(best->round) + ")");
  }
  if (!record.status.error.empty())
    out.PrintLine("  " + Padded("error", 12) + EscapeControls(record.status.error));
  out.PrintLine("  " + Padded("folder", 12) + path.string());
  out.Data(Summary(record));
  out.Next("cairn runs report " + options.run + " --open");
  return {};
}

// The keys at which two resolved configurations differ, by line.
std::vector<std::string> Differences(const RunRecord& a, const RunRecord& b) {
  const auto lines = [](const std::string& text) {
    std::set<std::string> all;
    std::string table;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
      if (line.starts_with("[")) {
        table = line.substr(1, line.rfind(']') - 1) + ".";
      } else if (!line.empty()) {
        all.insert(table + line);
      }
    }
    return all;
  };
  const auto mine = lines(a.resolved_toml), theirs = lines(b.resolved_toml);
  std::vector<std::string> different;
  std::ranges::set_difference(theirs, mine, std::back_inserter(different));
  return different;
}

Status Compare(const RunsOptions& options, CommandOutput& out) {
  if (options.runs.size() < 2) return Status(errors::kUsage, "two runs are needed to compare");
  std::vector<RunRecord> records;
  for (const std::string& name : options.runs) {
    CAIRN_ASSIGN_OR_RETURN(const auto path, ResolveRun(options.dir, name));
    CAIRN_ASSIGN_OR_RETURN(RunRecord record, ReadRun(path));
    if (!options.metric.empty()) record.run.metric = options.metric;
    records.push_back(std::move(record));
  }
  JsonArray all;
  for (const RunRecord& record : records) {
    const auto last = record.Last(), best = record.Best();
    JsonArray changed;
    out.PrintLine(out.terminal().Bold(record.path.filename().string()));
    out.PrintLine("  " + EscapeControls(record.run.metric) + " " + (last ? Short(last->value) : "-") +
                  ", best " + (best ? Short(best->value) + " in round " + std::to_string(best->round) : "-"));
    for (const std::string& line : Differences(records.front(), record)) {
      out.PrintLine("  " + EscapeControls(line));
      changed.Add(line);
    }
    all.Add(Summary(record).Add("differs_from_first", changed));
  }
  out.Data(JsonObject().Add("runs", all));
  return {};
}

Status Report(const RunsOptions& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const auto path, ResolveRun(options.dir, options.run));
  CAIRN_ASSIGN_OR_RETURN(const RunRecord record, ReadRun(path));
  const auto page = path / "report.html";
  CAIRN_RETURN_IF_ERROR(WriteWholeFile(page, RenderReport(record)));
  out.PrintLine(page.string());
  out.Data(Summary(record).Add("report", page.string()));
  if (options.open && !OpenInBrowser(page))
    out.Warn("no program to open it; open the file above in a browser");
  return {};
}

}  // namespace

void AddRunsCommands(CommandSet& commands) {
  commands.Group("runs", "Runs that were made: list, look, compare");
  const auto options = std::make_shared<RunsOptions>();
  const Flag dir{"--dir", "DIR", "folder of the runs (runs)", &options->dir};
  const Argument run{"RUN", "latest, latest~1, a name or part of one, or a path", &options->run, false};

  commands.Add("runs ls", "Lists the runs, oldest first").Has(dir).Run([options](CommandOutput& out) {
    return List(*options, out);
  });
  commands.Add("runs show", "Shows one run in short").Takes(run).Has(dir).Run([options](CommandOutput& out) {
    return Show(*options, out);
  });
  commands.Add("runs compare", "Puts runs side by side: results, and the keys that differ from the first")
      .Takes({"RUN", "two or more runs", &options->runs})
      .Has(dir)
      .Has({"--metric", "NAME", "compare by this metric", &options->metric})
      .Example("cairn runs compare latest~1 latest")
      .Run([options](CommandOutput& out) { return Compare(*options, out); });
  commands.Add("runs report", "Writes report.html of a run anew and prints where it is")
      .Takes(run)
      .Has(dir)
      .Has({"--open", "", "open it in the browser", &options->open})
      .Run([options](CommandOutput& out) { return Report(*options, out); });
}

}  // namespace cairn

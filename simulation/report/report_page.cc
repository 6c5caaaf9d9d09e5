#include "simulation/report/report_page.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/base/text.h"
#include "simulation/report/html.h"
#include "simulation/report/report_style.h"
#include "simulation/report/svg_plot.h"

namespace cairn {
namespace {

constexpr std::size_t kMostClients = 200;  // rows of the table; the rest is in clients.csv

std::string Short(double value) {
  if (!std::isfinite(value)) return "–";
  char text[32];
  std::snprintf(text, sizeof text, std::abs(value) >= 100 ? "%.1f" : "%.4f", value);
  return text;
}

std::string Tile(const std::string& name, const std::string& value, const std::string& note) {
  return "<div class=tile><dt>" + EscapeHtml(name) + "</dt><dd>" + value + "</dd>" +
         (note.empty() ? "" : "<dd class=note>" + EscapeHtml(note) + "</dd>") + "</div>\n";
}

// The column that measures loss on held-out data, or any loss.
std::string LossColumn(const RunDescription& run) {
  for (const char* name : {"loss", "log_loss", "federated_loss", "central_loss", "train_loss"}) {
    if (std::ranges::find(run.metrics, name) != run.metrics.end()) return name;
  }
  return {};
}

std::string Headline(const RunRecord& record) {
  const RunDescription& run = record.run;
  std::string html = "<dl class=tiles>\n";
  if (const auto last = record.Last()) {
    const auto best = record.Best();
    html += Tile(run.metric, Short(last->value),
                 "best " + Short(best->value) + ", round " + std::to_string(best->round));
  }
  const std::vector<RunRecord::Point> loss = record.Series(LossColumn(run));
  if (!loss.empty()) {
    html += Tile("loss", Short(loss.back().value),
                 "from " + Short(loss.front().value) + ", round " + std::to_string(loss.front().round));
  }
  const std::vector<RunRecord::Point> spent = record.Series("epsilon_max"),
                                      sum = record.Series("epsilon_sum");
  if (!spent.empty()) {
    html += Tile("ε spent", Short(spent.back().value),
                 sum.empty() ? "the client with the most"
                             : "the largest site; " + Short(sum.back().value) + " in all");
  }
  std::uint64_t up = 0, down = 0;
  std::size_t failed = 0;
  for (const RoundRow& row : record.rounds) {
    up += row.bytes_up;
    down += row.bytes_down;
    failed += row.declined + row.late + row.invalid;
  }
  html += Tile(
      "rounds",
      std::to_string(record.status.round) + "<small> of " + std::to_string(record.status.rounds) + "</small>",
      failed == 0 ? "every report came in" : HtmlNumber(static_cast<long long>(failed)) + " reports missing");
  if (!record.clients.empty()) {
    std::int64_t examples = 0;
    for (const ClientRow& client : record.clients) examples += client.examples;
    html += Tile("clients", HtmlNumber(static_cast<long long>(record.clients.size())),
                 HtmlNumber(examples) + " examples");
  }
  html += Tile("sent up", EscapeHtml(FormatByteSize(static_cast<double>(up))),
               "and " + FormatByteSize(static_cast<double>(down)) + " down");
  return html + "</dl>\n";
}

PlotLine LineOf(const RunRecord& record, const std::string& metric) {
  PlotLine line{metric, {}};
  for (const auto& point : record.Series(metric))
    line.points.emplace_back(static_cast<double>(point.round), point.value);
  return line;
}

std::string Plots(const RunRecord& record) {
  const RunDescription& run = record.run;
  Plot loss{"loss", "round", {}, true, false}, metric{"", "round", {}, false, false, 1};
  Plot epsilon{"ε spent, of each site's people and of one who is at every site", "round", {}, true, false};
  if (std::ranges::find(run.metrics, "epsilon_sum") == run.metrics.end())
    epsilon.title = "ε spent, of the client that took part most often";
  Plot clip{"clip", "round", {}, true, false};
  std::vector<std::string> names = run.metrics;  // the deciding one first, so that it is drawn boldest
  std::ranges::stable_partition(names, [&](const std::string& name) { return name == run.metric; });
  for (const std::string& name : names) {
    Plot& plot = name.starts_with("epsilon_")                ? epsilon
                 : name == "clip"                            ? clip
                 : name == "loss" || name.ends_with("_loss") ? loss
                                                             : metric;
    PlotLine line = LineOf(record, name);
    if (plot.lines.size() < 4 && !(line.points.empty() && name != run.metric))
      plot.lines.push_back(std::move(line));
  }
  Plot bytes{"bytes a round", "round", {{"up", {}}, {"down", {}}}, true, true};
  for (const RoundRow& row : record.rounds) {
    bytes.lines[0].points.emplace_back(static_cast<double>(row.round), static_cast<double>(row.bytes_up));
    bytes.lines[1].points.emplace_back(static_cast<double>(row.round), static_cast<double>(row.bytes_down));
  }
  std::string html = "<section class=plots>\n";
  if (!metric.lines.empty()) {
    metric.title = metric.lines.size() == 1 ? metric.lines.front().name : "metrics";
    html += RenderPlot(metric);
  }
  if (!loss.lines.empty()) html += RenderPlot(loss);
  if (!epsilon.lines.empty()) html += RenderPlot(epsilon);
  if (!clip.lines.empty()) html += RenderPlot(clip);
  return html + RenderPlot(bytes) + "</section>\n";
}

std::string RoundTable(const RunRecord& record) {
  std::string html =
      "<h2>Rounds</h2>\n<div class=scroll tabindex=0><table>\n<thead><tr><th>round<th>reported<th>missing";
  if (record.run.counts_lost) html += "<th>lost";
  for (const std::string& name : record.run.metrics) html += "<th>" + EscapeHtml(name);
  html += "<th>examples<th>up<th>down</thead>\n<tbody>\n";
  const auto best = record.Best();
  for (const RoundRow& row : record.rounds) {
    const bool is_best = best && best->round == row.round;
    html += std::string(is_best ? "<tr class=best>" : "<tr>") + "<th scope=row>" + std::to_string(row.round) +
            "<td>" + std::to_string(row.reported) + " of " + std::to_string(row.invited) + "<td>" +
            std::to_string(row.declined + row.late + row.invalid);
    if (record.run.counts_lost) html += "<td>" + std::to_string(row.lost);
    for (const double value : row.metrics) html += "<td>" + Short(value);
    html += "<td>" + HtmlNumber(row.examples) + "<td>" +
            EscapeHtml(FormatByteSize(static_cast<double>(row.bytes_up))) + "<td>" +
            EscapeHtml(FormatByteSize(static_cast<double>(row.bytes_down))) + "\n";
  }
  if (record.rounds.empty()) html += "<tr><td class=none>no round has ended yet\n";
  return html + "</tbody></table></div>\n";
}

std::string ClientTable(const RunRecord& record) {
  if (record.clients.empty()) return {};
  const bool has_labels =
      std::ranges::any_of(record.clients, [](const ClientRow& c) { return !c.labels.empty(); });
  std::string html =
      "<h2>Clients</h2>\n<div class=scroll tabindex=0><table>\n<thead><tr><th>client<th "
      "class=text>name<th>examples<th>rounds";
  html += std::string(has_labels ? "<th class=text>examples of each class" : "") + "</thead>\n<tbody>\n";
  const std::size_t shown = std::min(record.clients.size(), kMostClients);
  for (std::size_t i = 0; i < shown; ++i) {
    const ClientRow& client = record.clients[i];
    html += "<tr><th scope=row>" + std::to_string(client.client) + "<td class=text>" +
            EscapeHtml(client.name) + "<td>" + HtmlNumber(client.examples) + "<td>" +
            std::to_string(client.rounds);
    if (has_labels) html += "<td class=text>" + RenderBars(client.labels, record.run.labels);
    html += "\n";
  }
  html += "</tbody></table></div>\n";
  if (shown < record.clients.size()) {
    html += "<p class=note>" + HtmlNumber(static_cast<long long>(record.clients.size() - shown)) +
            " more are in clients.csv.</p>\n";
  }
  return html;
}

std::string Facts(const RunRecord& record) {
  std::string html;
  for (const auto& [name, text] : record.run.facts) {
    html += "<div><dt>" + EscapeHtml(name) + "</dt><dd>" + EscapeHtml(text) + "</dd></div>\n";
  }
  return html.empty() ? html : "<dl class=facts>\n" + html + "</dl>\n";
}

}  // namespace

std::string RenderReport(const RunRecord& record, int reload_seconds) {
  const std::string name = EscapeHtml(record.run.name);
  const std::string state(RunStateName(record.status.state));
  std::string html =
      "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
      "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=color-scheme content=\"light dark\">\n"
      "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";
  if (reload_seconds > 0)
    html += "<meta http-equiv=refresh content=" + std::to_string(reload_seconds) + ">\n";
  html += "<title>" + name + " · Cairn</title>\n<style>\n" + std::string(kReportStyle) +
          "</style>\n</head>\n<body>\n<main>\n";
  html += "<header><h1>" + name + "</h1><p><span class=\"state " + state + "\">" + state + "</span> seed " +
          std::to_string(record.run.seed) + "</p></header>\n";
  if (!record.status.error.empty()) html += "<p class=error>" + EscapeHtml(record.status.error) + "</p>\n";
  html += Headline(record) + Facts(record) + Plots(record) + RoundTable(record) + ClientTable(record);
  if (!record.resolved_toml.empty()) {
    html += "<details><summary>Configuration, every default included</summary><pre>" +
            EscapeHtml(record.resolved_toml) + "</pre></details>\n";
  }
  return html +
         "<footer>Made by Cairn. The numbers are in metrics.csv and clients.csv; <code>python3 "
         "load.py</code> loads the "
         "weights.</footer>\n</main>\n</body>\n</html>\n";
}

}  // namespace cairn

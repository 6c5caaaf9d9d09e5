#include "simulation/report/svg_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/base/text.h"
#include "simulation/report/html.h"

namespace cairn {
namespace {

// The drawing in its own units; the page scales it.
constexpr double kWidth = 350, kHeight = 210;
constexpr double kLeft = 48, kRight = 14, kTop = 12, kBottom = 34;
constexpr std::size_t kMostMarks = 60;  // more points are a line without marks

std::string Coordinate(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string Label(double value, bool is_bytes) {
  if (is_bytes) return FormatByteSize(value);
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

// Maps values to the drawing.
struct Axes {
  double x_low, x_high, y_low, y_high;
  double X(double x) const { return kLeft + (x - x_low) / (x_high - x_low) * (kWidth - kLeft - kRight); }
  double Y(double y) const {
    return kHeight - kBottom - (y - y_low) / (y_high - y_low) * (kHeight - kTop - kBottom);
  }
};

Axes AxesOf(const Plot& plot, std::vector<double>& y_ticks) {
  double x_low = 1e300, x_high = -1e300, y_low = 1e300, y_high = -1e300;
  for (const PlotLine& line : plot.lines) {
    for (const auto& [x, y] : line.points) {
      x_low = std::min(x_low, x);
      x_high = std::max(x_high, x);
      y_low = std::min(y_low, y);
      y_high = std::max(y_high, y);
    }
  }
  if (plot.y_from_zero) y_low = std::min(0.0, y_low);
  if (x_high <= x_low) x_high = x_low + 1;
  y_ticks = NiceTicks(y_low, y_high, 5);
  while (y_ticks.size() > 2 && y_ticks.back() > plot.y_most && y_high <= plot.y_most) y_ticks.pop_back();
  return {x_low, x_high, y_ticks.front(), y_ticks.back()};
}

std::string Grid(const Plot& plot, const Axes& axes, const std::vector<double>& y_ticks) {
  std::string svg;
  for (const double tick : y_ticks) {
    const std::string y = Coordinate(axes.Y(tick));
    svg += "<line class=grid x1=" + Coordinate(kLeft) + " x2=" + Coordinate(kWidth - kRight) + " y1=" + y +
           " y2=" + y + "></line><text class=tick text-anchor=end x=" + Coordinate(kLeft - 7) +
           " y=" + Coordinate(axes.Y(tick) + 4) + ">" + EscapeHtml(Label(tick, plot.y_is_bytes)) + "</text>";
  }
  for (const double tick : NiceTicks(axes.x_low, axes.x_high, 6)) {
    if (tick < axes.x_low || tick > axes.x_high || tick != std::floor(tick)) continue;
    svg += "<text class=tick text-anchor=middle x=" + Coordinate(axes.X(tick)) +
           " y=" + Coordinate(kHeight - kBottom + 17) + ">" + Label(tick, false) + "</text>";
  }
  return svg + "<text class=name text-anchor=end x=" + Coordinate(kWidth - kRight) +
         " y=" + Coordinate(kHeight - 2) + ">" + EscapeHtml(plot.x_name) + "</text>";
}

std::string Line(const Plot& plot, const Axes& axes, const PlotLine& line, std::size_t index) {
  if (line.points.empty()) return {};
  const std::string color = "l" + std::to_string(index + 1);
  std::string points, marks;
  for (const auto& [x, y] : line.points) {
    const std::string px = Coordinate(axes.X(x)), py = Coordinate(axes.Y(y));
    points += (points.empty() ? "" : " ") + px + "," + py;
    if (line.points.size() > kMostMarks) continue;
    marks += "<circle class=" + color + " cx=" + px + " cy=" + py + " r=2.2><title>" + EscapeHtml(line.name) +
             ", " + EscapeHtml(plot.x_name) + " " + Label(x, false) + ": " +
             EscapeHtml(Label(y, plot.y_is_bytes)) + "</title></circle>";
  }
  return "<polyline class=" + color + " points=\"" + points + "\"></polyline>" + marks;
}

}  // namespace

std::vector<double> NiceTicks(double low, double high, int count) {
  if (!(high > low)) {  // one value: some room above and below
    const double room = low == 0 ? 1 : std::abs(low) * 0.1;
    low -= low == 0 ? 0 : room;
    high += room;
  }
  const double raw = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * power >= raw * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
  for (double i = first; i <= last; ++i) ticks.push_back(i * step);
  return ticks;
}

std::string RenderPlot(const Plot& plot) {
  const bool empty =
      std::ranges::all_of(plot.lines, [](const PlotLine& line) { return line.points.empty(); });
  std::string html = "<figure><figcaption>" + EscapeHtml(plot.title);
  if (plot.lines.size() > 1) {
    for (std::size_t i = 0; i < plot.lines.size(); ++i) {
      html +=
          "<span class=\"key k" + std::to_string(i + 1) + "\">" + EscapeHtml(plot.lines[i].name) + "</span>";
    }
  }
  html += "</figcaption>";
  if (empty) return html + "<p class=none>not measured yet</p></figure>\n";
  std::vector<double> y_ticks;
  const Axes axes = AxesOf(plot, y_ticks);
  html += "<svg role=img aria-label=\"" + EscapeHtml(plot.title) + " by " + EscapeHtml(plot.x_name) +
          "\" viewBox=\"0 0 " + Coordinate(kWidth) + " " + Coordinate(kHeight) + "\">" +
          Grid(plot, axes, y_ticks);
  for (std::size_t i = 0; i < plot.lines.size(); ++i) html += Line(plot, axes, plot.lines[i], i);
  return html + "</svg></figure>\n";
}

std::string RenderBars(const std::vector<std::int64_t>& counts, const std::vector<std::string>& names) {
  const auto tallest = std::ranges::max_element(counts);
  if (tallest == counts.end() || *tallest <= 0) return {};
  const std::int64_t largest = *tallest;
  constexpr double kBar = 9, kGap = 2, kTall = 24;
  const double width = static_cast<double>(counts.size()) * (kBar + kGap) - kGap;
  std::string svg =
      "<svg class=bars role=img aria-label=\"examples of each class\" width=" + Coordinate(width) +
      " height=" + Coordinate(kTall) + ">";
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double share = static_cast<double>(counts[i]) / static_cast<double>(largest);
    const double height = counts[i] == 0 ? 0.75 : std::max(1.5, share * kTall);
    const std::string name = i < names.size() ? names[i] : "class " + std::to_string(i);
    svg += "<rect" + std::string(counts[i] == 0 ? " class=zero" : "") +
           " x=" + Coordinate(static_cast<double>(i) * (kBar + kGap)) + " y=" + Coordinate(kTall - height) +
           " width=" + Coordinate(kBar) + " height=" + Coordinate(height) + "><title>" + EscapeHtml(name) +
           ": " + HtmlNumber(counts[i]) + "</title></rect>";
  }
  return svg + "</svg>";
}

}  // namespace cairn

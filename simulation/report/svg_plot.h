#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace cairn {

// A line plot as inline SVG that takes its colours from the page's style, so that it follows light,
// dark and print. Readable without script: the marks carry their values as titles.
struct PlotLine {
  std::string name;
  std::vector<std::pair<double, double>> points;  // ascending in x
};
struct Plot {
  std::string title;            // also the accessible name
  std::string x_name;           // "round"
  std::vector<PlotLine> lines;  // at most 4, told apart by colour and dash
  bool y_from_zero = false;
  bool y_is_bytes = false;
  double y_most = std::numeric_limits<double>::infinity();  // no mark above it: a share is never over 1
};
std::string RenderPlot(const Plot& plot);

// Round numbers that cover [low, high] in at most `count` steps: 0, 0.2, 0.4 …
std::vector<double> NiceTicks(double low, double high, int count);

// Bars of a histogram, small enough for a table cell; heights are shares of the largest count.
std::string RenderBars(const std::vector<std::int64_t>& counts, const std::vector<std::string>& names);

}  // namespace cairn

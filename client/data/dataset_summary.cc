#include "client/data/dataset_summary.h"

#include <algorithm>

namespace cairn {
namespace {

constexpr std::uint64_t kBarCells = 20;

std::string Bar(std::uint64_t count, std::uint64_t most) {
  std::string bar;
  const std::uint64_t cells = most == 0 ? 0 : (count * kBarCells + most - 1) / most;
  for (std::uint64_t i = 0; i < cells; ++i) bar += "█";
  return bar;
}

}  // namespace

std::string FormatSummary(const DatasetSummary& summary) {
  std::string text = std::to_string(summary.rows) + " rows";
  if (!summary.features.empty()) text += " · " + std::to_string(summary.features.size()) + " features";
  if (summary.dropped_rows > 0)
    text += " · " + std::to_string(summary.dropped_rows) + " dropped for missing values";
  if (summary.bad_rows > 0) text += " · " + std::to_string(summary.bad_rows) + " bad";
  text += "\n";
  const auto most = std::max_element(summary.label_histogram.begin(), summary.label_histogram.end());
  for (std::size_t i = 0; i < summary.label_histogram.size(); ++i) {
    const std::uint64_t count = summary.label_histogram[i];
    text += "label " + std::to_string(i) + "  " + Bar(count, *most) + " " + std::to_string(count) + "\n";
  }
  for (const auto& [column, count] : summary.missing) {
    if (count > 0) text += "missing  " + column + " " + std::to_string(count) + "\n";
  }
  for (const Status& fault : summary.bad_row_faults) text += "bad row  " + fault.ToString() + "\n";
  for (const Status& warning : summary.warnings) text += "! " + warning.ToString() + "\n";
  return text;
}

}  // namespace cairn

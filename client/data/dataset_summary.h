#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status.h"

namespace cairn {

// What reading a data set found, for the site's own screen (`cairn data check`). Faults name lines and
// cells, so none of this is logged or sent.
struct DatasetSummary {
  std::uint64_t rows = 0;                      // usable
  std::uint64_t dropped_rows = 0;              // left out for a missing value, as the schema asks
  std::uint64_t bad_rows = 0;                  // left out under max_bad_rows
  std::vector<std::string> features;           // names; empty for images
  std::vector<std::uint64_t> label_histogram;  // rows a class; empty for regression
  std::vector<std::pair<std::string, std::uint64_t>>
      missing;                         // cells a schema column, over every well-formed row
  std::vector<Status> bad_row_faults;  // the first kMaxFaults
  std::vector<Status> warnings;        // usable, but worth a look: a single class, a column without any value

  static constexpr std::size_t kMaxFaults = 20;
};

// Several lines for a terminal: counts, a bar a class, missing cells, warnings.
std::string FormatSummary(const DatasetSummary& summary);

}  // namespace cairn

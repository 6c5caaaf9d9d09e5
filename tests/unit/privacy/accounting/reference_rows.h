#pragma once

#include <functional>
#include <string>
#include <vector>

namespace cairn {

// A number that somebody else's accountant, or a second calculation of our own, gives for a mechanism, and
// what ours may give: anything from low to high.
struct ReferenceRow {
  std::string id;  // of the source's list; a letter where one line holds several numbers
  std::string mechanism;
  std::string source;
  double published;
  double low, high;
  std::function<double()> ours;
};

std::vector<ReferenceRow> ReferenceRows();

}  // namespace cairn

#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/terminal.h"

namespace cairn {

// Where a run stands, as the progress line shows it.
struct Progress {
  std::string name;                                    // "quickstart"
  std::uint64_t round = 0, rounds = 0;                 // the one that runs, and how many there will be
  std::size_t reported = 0, invited = 0;               // in this round
  std::vector<std::pair<std::string, double>> values;  // of the last round told: {"loss", 0.21}
  double bytes_up = 0;                                 // a site, a round; 0: not shown
};

// Tells how a run goes. On a terminal one line is redrawn at most ten times a second:
//
//   round 7/30 ▕██▎       ▏ 4/4 sites · loss 0.482 ↓ · acc 0.861 ↑ · 6.10 kB↑ a site · eta 04:10
//
// in ASCII where the locale is not UTF-8. Elsewhere each finished round is one plain line without an
// escape byte. Quiet says nothing at all. One thread.
class ProgressLine {
 public:
  // The stream and the clock outlive this object.
  ProgressLine(std::ostream& out, Terminal terminal, const Clock& clock, bool quiet = false);
  ~ProgressLine();  // leaves the cursor at the start of a fresh line

  void Update(const Progress& progress);     // any number of times a round
  void RoundDone(const Progress& progress);  // once a round; `values` are its own
  void Clear();                              // takes the line away, for a log line or the result

 private:
  void Draw(const Progress& progress, bool is_done);
  std::string Line(const Progress& progress, bool is_done) const;
  std::string Bar(double share) const;
  std::optional<Duration> Eta(const Progress& progress) const;

  std::ostream& out_;
  Terminal terminal_;
  const Clock& clock_;
  bool quiet_;
  bool is_drawn_ = false;
  TimePoint started_;
  std::uint64_t first_round_ = 0;
  std::optional<TimePoint> last_drawn_;
  std::vector<std::pair<std::string, double>> shown_, before_;  // values of the last round and the one before
};

}  // namespace cairn

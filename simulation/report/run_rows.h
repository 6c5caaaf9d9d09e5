#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

// What a run tells about itself: plain rows, filled by whoever drives the rounds (the simulator or
// an aggregator) and stored in a run directory.

namespace cairn {

inline constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();  // an empty cell

// A row of metrics.csv.
struct RoundRow {
  std::uint64_t round = 0;
  std::size_t invited = 0, reported = 0, declined = 0, late = 0, invalid = 0;
  std::int64_t examples = 0;                   // Σ over the reports
  std::uint64_t bytes_up = 0, bytes_down = 0;  // Σ over the sites
  std::vector<double> metrics;  // in the order of RunDescription::metrics; kNoValue where not measured
  std::size_t lost = 0;         // of the invited, by a simulation's drop-outs
  // What the sites' people have spent after this round, where it is known: the largest, and the sum for one
  // who is at every site. Stored as the metrics epsilon_max and epsilon_sum.
  double epsilon_max = kNoValue, epsilon_sum = kNoValue;
  double clip = kNoValue;  // of this round, where it adapts; stored as a metric likewise
};

// A line of metrics.jsonl: one measured value.
struct MetricLine {
  std::uint64_t round = 0;
  std::string site;   // empty: all together
  std::string split;  // "train", "federated", "central"
  std::string name;   // "loss"
  double value = 0;
  std::int64_t n = 0;  // examples behind it
};

// A row of clients.csv. In a real federation a site tells no label counts: leave them empty.
struct ClientRow {
  std::uint64_t client = 0;
  std::string name;
  std::int64_t examples = 0;
  std::uint64_t rounds = 0;          // it was part of
  std::vector<std::int64_t> labels;  // examples of each class
};

// A row of timings.csv: seconds on the wall. The only file, with env.json, log.jsonl and tb/, that
// differs between two equal runs.
struct TimingRow {
  std::uint64_t round = 0;
  double total = 0, train = 0, aggregate = 0, evaluate = 0;
};

enum class RunState : std::uint8_t { kRunning, kFinished, kStopped, kFailed };

// status.json: where the run stands. No time of day in it.
struct RunStatus {
  RunState state = RunState::kRunning;
  std::uint64_t round = 0, rounds = 0;  // done, planned
  std::string error;                    // of kFailed: "CAIRN-5103 …"
};

// What a run is, fixed when it is made.
struct RunDescription {
  std::string name;  // "quickstart"
  std::uint64_t seed = 0;
  std::uint64_t rounds = 0;
  std::vector<std::string> metrics;  // columns of metrics.csv: "loss", "accuracy"
  std::string metric;                // the one that decides what is best; empty: none declared
  bool maximize = true;
  std::vector<std::string> labels;  // names of the classes, for the histograms
  // What a reader wants to know at a glance, shown on the report as given: {"Model", "cnn-small"}.
  std::vector<std::pair<std::string, std::string>> facts;
  bool counts_lost = false;  // metrics.csv has a column for the sites that were lost
};

}  // namespace cairn

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"

namespace cairn {

// Evaluation as sums of integers, so that the metrics of K sites equal the metrics of the pooled
// rows bit for bit, whatever the split. Definitions: docs/metrics.md.
struct MetricSums {
  static constexpr int kScoreBins = 1024;              // over logits in [-16, 16]
  static constexpr double kFixedPoint = 4294967296.0;  // real sums at 2^-32

  std::uint32_t classes = 0;
  std::vector<std::int64_t> confusion;    // classes × classes, [truth · classes + prediction]
  std::vector<std::int64_t> own_scores;   // classes × kScoreBins: score of class c over rows of class c
  std::vector<std::int64_t> rest_scores;  // classes × kScoreBins: score of class c over all other rows
  std::int64_t loss_sum = 0;              // fixed point; each term clipped to ± 2^15
  std::int64_t loss_clipped = 0;
  std::int64_t rows = 0;

  static MetricSums ForClasses(std::uint32_t classes);
  bool empty() const { return rows == 0; }
  Status Add(const MetricSums& other);  // refuses another number of classes (kMetricsLayout)
  friend bool operator==(const MetricSums&, const MetricSums&) = default;
};

struct MetricValues {
  double accuracy = 0, log_loss = 0, roc_auc = 0, macro_f1 = 0;
  double roc_auc_error = 0;  // exact bound of the binning error
  std::int64_t rows = 0;
};
MetricValues Summarize(const MetricSums& sums);

// One row's contribution, plain C++ (logits of all classes; binary tasks give two columns {0, z}).
void AddRow(MetricSums& sums, const float* logits, std::int64_t truth, double loss);

// "accuracy", "log_loss", "roc_auc", "macro_f1"; false for other names.
bool MetricByName(const MetricValues& values, const std::string& name, double* out);

}  // namespace cairn

#include "protocol/messages/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/check.h"

namespace cairn {
namespace {

constexpr double kScoreLimit = 16.0;
constexpr double kLossLimit = 32768.0;  // 2^15

// Sums wrap instead of overflowing: a peer's counts may hold anything.
std::int64_t WrappingAdd(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

void AddAll(std::vector<std::int64_t>& into, const std::vector<std::int64_t>& from) {
  for (std::size_t i = 0; i < into.size(); ++i) into[i] = WrappingAdd(into[i], from[i]);
}

int ScoreBin(double score) {
  if (!(score > -kScoreLimit)) return 0;  // NaN too
  if (score >= kScoreLimit) return MetricSums::kScoreBins - 1;
  const double position = (score + kScoreLimit) * (MetricSums::kScoreBins / (2.0 * kScoreLimit));
  return std::min(static_cast<int>(position), MetricSums::kScoreBins - 1);
}

std::int64_t ArgMax(const float* logits, std::uint32_t classes) {
  std::int64_t best = 0;
  for (std::uint32_t c = 1; c < classes; ++c) {
    if (logits[c] > logits[best]) best = c;
  }
  return best;
}

// The score of class c is the log-odds of its probability, z_c − log Σ_{j≠c} exp z_j: for two
// classes {0, z} that is z, and unlike a raw logit it compares between rows. Running sums from both
// sides give each Σ_{j≠c} without cancellation.
template <class Visit>
void VisitScores(const float* logits, std::uint32_t classes, Visit visit) {
  const double top = logits[ArgMax(logits, classes)];
  double below = 0;                        // Σ_{j<c}
  thread_local std::vector<double> above;  // Σ_{j>c}
  above.assign(classes, 0.0);
  for (std::uint32_t c = classes; c-- > 1;) above[c - 1] = above[c] + std::exp(logits[c] - top);
  for (std::uint32_t c = 0; c < classes; ++c) {
    visit(c, (logits[c] - top) - std::log(below + above[c]));
    below += std::exp(logits[c] - top);
  }
}

struct RocArea {
  double value = 0, error = 0;
  bool defined = false;
};

// Rows that share a bin count half, as ties do; what that can hide is the error bound.
RocArea AreaOfClass(const std::int64_t* own, const std::int64_t* rest) {
  double positives = 0, negatives = 0;
  for (int b = 0; b < MetricSums::kScoreBins; ++b) {
    positives += static_cast<double>(own[b]);
    negatives += static_cast<double>(rest[b]);
  }
  if (!(positives > 0) || !(negatives > 0)) return {};
  double area = 0, tied = 0, higher = 0;
  for (int b = MetricSums::kScoreBins - 1; b >= 0; --b) {
    const double p = static_cast<double>(own[b]), n = static_cast<double>(rest[b]);
    area += n * (higher + p / 2);
    tied += p * n / 2;
    higher += p;
  }
  return {area / (positives * negatives), tied / (positives * negatives), true};
}

void SummarizeArea(const MetricSums& sums, MetricValues& values) {
  double area = 0, error = 0;
  int defined = 0;
  // With two classes both areas are the same number up to binning: the second class stands for both.
  for (std::uint32_t c = sums.classes == 2 ? 1 : 0; c < sums.classes; ++c) {
    const std::size_t at = std::size_t{c} * MetricSums::kScoreBins;
    const RocArea one = AreaOfClass(&sums.own_scores[at], &sums.rest_scores[at]);
    if (!one.defined) continue;
    area += one.value;
    error += one.error;
    ++defined;
  }
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  values.roc_auc = defined > 0 ? area / defined : nothing;
  values.roc_auc_error = defined > 0 ? error / defined : nothing;
}

void SummarizeConfusion(const MetricSums& sums, MetricValues& values) {
  const std::size_t classes = sums.classes;
  double correct = 0, f1 = 0;
  int present = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    double truth = 0, predicted = 0;
    for (std::size_t other = 0; other < classes; ++other) {
      truth += static_cast<double>(sums.confusion[c * classes + other]);
      predicted += static_cast<double>(sums.confusion[other * classes + c]);
    }
    const double hits = static_cast<double>(sums.confusion[c * classes + c]);
    correct += hits;
    if (truth + predicted <= 0) continue;
    f1 += 2 * hits / (truth + predicted);
    ++present;
  }
  values.accuracy = correct / static_cast<double>(sums.rows);
  values.macro_f1 = present > 0 ? f1 / present : 0;
}

}  // namespace

MetricSums MetricSums::ForClasses(std::uint32_t classes) {
  MetricSums sums;
  sums.classes = classes;
  sums.confusion.assign(std::size_t{classes} * classes, 0);
  sums.own_scores.assign(std::size_t{classes} * kScoreBins, 0);
  sums.rest_scores.assign(std::size_t{classes} * kScoreBins, 0);
  return sums;
}

Status MetricSums::Add(const MetricSums& other) {
  if (other.classes != classes || other.confusion.size() != confusion.size() ||
      other.own_scores.size() != own_scores.size() || other.rest_scores.size() != rest_scores.size()) {
    return Status(errors::kMetricsLayout, "metrics count " + std::to_string(other.classes) +
                                              " classes, expected " + std::to_string(classes));
  }
  AddAll(confusion, other.confusion);
  AddAll(own_scores, other.own_scores);
  AddAll(rest_scores, other.rest_scores);
  loss_sum = WrappingAdd(loss_sum, other.loss_sum);
  loss_clipped = WrappingAdd(loss_clipped, other.loss_clipped);
  rows = WrappingAdd(rows, other.rows);
  return {};
}

MetricValues Summarize(const MetricSums& sums) {
  MetricValues values;
  values.rows = sums.rows;
  if (sums.rows <= 0) return values;
  SummarizeConfusion(sums, values);
  SummarizeArea(sums, values);
  values.log_loss =
      static_cast<double>(sums.loss_sum) / MetricSums::kFixedPoint / static_cast<double>(sums.rows);
  return values;
}

void AddRow(MetricSums& sums, const float* logits, std::int64_t truth, double loss) {
  CAIRN_CHECK(truth >= 0 && truth < static_cast<std::int64_t>(sums.classes),
              "a row's class is one of the task's");
  const std::int64_t predicted = ArgMax(logits, sums.classes);
  ++sums.confusion[static_cast<std::size_t>(truth) * sums.classes + static_cast<std::size_t>(predicted)];
  VisitScores(logits, sums.classes, [&](std::uint32_t c, double score) {
    auto& histogram = static_cast<std::int64_t>(c) == truth ? sums.own_scores : sums.rest_scores;
    ++histogram[std::size_t{c} * MetricSums::kScoreBins + static_cast<std::size_t>(ScoreBin(score))];
  });
  if (!(std::abs(loss) <= kLossLimit)) {  // NaN counts as the worst loss
    loss = loss < 0 ? -kLossLimit : kLossLimit;
    ++sums.loss_clipped;
  }
  sums.loss_sum = WrappingAdd(sums.loss_sum, std::llrint(loss * MetricSums::kFixedPoint));
  ++sums.rows;
}

bool MetricByName(const MetricValues& values, const std::string& name, double* out) {
  const std::pair<const char*, double> table[] = {{"accuracy", values.accuracy},
                                                  {"log_loss", values.log_loss},
                                                  {"roc_auc", values.roc_auc},
                                                  {"macro_f1", values.macro_f1}};
  for (const auto& [known, value] : table) {
    if (name != known) continue;
    *out = value;
    return true;
  }
  return false;
}

}  // namespace cairn

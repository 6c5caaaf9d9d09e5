#include "protocol/messages/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace cairn {
namespace {

struct Row {
  std::vector<float> logits;
  std::int64_t truth = 0;
  double loss = 0;
};

MetricSums SumsOf(const std::vector<Row>& rows, std::uint32_t classes) {
  MetricSums sums = MetricSums::ForClasses(classes);
  for (const Row& row : rows) AddRow(sums, row.logits.data(), row.truth, row.loss);
  return sums;
}

// Binary tasks give two columns {0, z}.
Row Binary(float z, std::int64_t truth) { return {{0.0f, z}, truth, 0.5}; }

TEST(MetricsTest, PerfectRankingHasAreaOne) {
  const MetricValues values =
      Summarize(SumsOf({Binary(-2, 0), Binary(-1, 0), Binary(1, 1), Binary(2, 1)}, 2));
  EXPECT_EQ(values.roc_auc, 1.0);
  EXPECT_EQ(values.roc_auc_error, 0.0);
  EXPECT_EQ(values.accuracy, 1.0);
  EXPECT_EQ(values.macro_f1, 1.0);
  EXPECT_EQ(values.rows, 4);
}

TEST(MetricsTest, AreaCountsOrderedPairs) {
  // Positives at 3 and 1, negatives at 2 and 0: of four pairs, three stand in the right order.
  const MetricValues values = Summarize(SumsOf({Binary(3, 1), Binary(2, 0), Binary(1, 1), Binary(0, 0)}, 2));
  EXPECT_EQ(values.roc_auc, 0.75);
  EXPECT_EQ(values.roc_auc_error, 0.0);
}

TEST(MetricsTest, TiesCountHalfAndShowInTheErrorBound) {
  // One positive and one negative share a bin: area (1 + ½) / 2, bound 1·1/(2·1·2).
  const MetricValues values = Summarize(SumsOf({Binary(1, 1), Binary(1, 0), Binary(-1, 0)}, 2));
  EXPECT_EQ(values.roc_auc, 0.75);
  EXPECT_EQ(values.roc_auc_error, 0.25);
}

TEST(MetricsTest, TrueAreaLiesWithinTheErrorBound) {
  // Scores 0.001 apart fall into bins 1/32 wide; the exact area of this ranking is 0.
  std::vector<Row> rows;
  for (int i = 0; i < 10; ++i) rows.push_back(Binary(0.001f * static_cast<float>(i) + 0.001f, i < 5 ? 1 : 0));
  const MetricValues values = Summarize(SumsOf(rows, 2));
  EXPECT_EQ(values.roc_auc, 0.5);
  EXPECT_EQ(values.roc_auc_error, 0.5);
}

TEST(MetricsTest, ThreeClassesGiveLiteralNumbers) {
  // truth 0 0 1 2, predicted 0 1 1 1.
  const MetricValues values = Summarize(SumsOf(
      {{{2, 0, 0}, 0, 0.25}, {{0, 1, 0}, 0, 1.5}, {{0, 3, 0}, 1, 0.125}, {{0, 1, 0.5f}, 2, 0.125}}, 3));
  EXPECT_EQ(values.accuracy, 0.5);
  EXPECT_EQ(values.log_loss, 0.5);
  // F1: class 0: 2·1/(2+1) = 2/3; class 1: 2·1/(1+3) = 1/2; class 2: 0.
  EXPECT_NEAR(values.macro_f1, (2.0 / 3 + 0.5) / 3, 1e-15);
  // Log-odds of class 0: 1.31 −1.31 | −3.05 −1.55, of class 1: … 2.31 above all; of class 2: −0.62 highest.
  EXPECT_NEAR(values.roc_auc, (1.0 + 1.0 + 1.0) / 3, 1e-15);
}

TEST(MetricsTest, ClassWithoutRowsIsLeftOutOfAreaAndF1) {
  const MetricValues values = Summarize(SumsOf({{{1, -1, -9}, 0, 0}, {{-1, 1, -9}, 1, 0}}, 3));
  EXPECT_EQ(values.macro_f1, 1.0);
  EXPECT_EQ(values.roc_auc, 1.0);
}

TEST(MetricsTest, OneClassOnlyHasNoArea) {
  const MetricValues values = Summarize(SumsOf({Binary(1, 1), Binary(-1, 1)}, 2));
  EXPECT_TRUE(std::isnan(values.roc_auc));
  EXPECT_EQ(values.accuracy, 0.5);
  EXPECT_NEAR(values.macro_f1, (0.0 + 2.0 / 3) / 2, 1e-15);
}

TEST(MetricsTest, NoRowsGiveZeros) {
  const MetricValues values = Summarize(MetricSums::ForClasses(2));
  EXPECT_EQ(values.rows, 0);
  EXPECT_EQ(values.accuracy, 0);
}

TEST(MetricsTest, LossIsClippedAndCounted) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const MetricSums sums = SumsOf({{{0, 1}, 1, 1e9}, {{0, 1}, 1, nan}, {{0, 1}, 1, 2.0}}, 2);
  EXPECT_EQ(sums.loss_clipped, 2);
  EXPECT_EQ(sums.loss_sum, (std::int64_t{32768} * 2 + 2) << 32);
}

TEST(MetricsTest, NotANumberIsABadScoreAndNoCrash) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const MetricSums sums = SumsOf({{{nan, nan}, 1, 0}, {{nan, 1}, 1, 0}}, 2);
  EXPECT_EQ(sums.rows, 2);
  EXPECT_EQ(sums.own_scores[MetricSums::kScoreBins + 0], 2);
}

TEST(MetricsTest, LargeLogitsNeitherOverflowNorTie) {
  const MetricValues values =
      Summarize(SumsOf({{{1e30f, 0, 0}, 0, 0}, {{0, 1e30f, 0}, 1, 0}, {{0, 0, 88}, 2, 0}}, 3));
  EXPECT_EQ(values.accuracy, 1.0);
  EXPECT_EQ(values.roc_auc, 1.0);
}

TEST(MetricsTest, SumOfPartsEqualsTheWhole) {
  std::vector<Row> rows;
  for (int i = 0; i < 50; ++i) {
    const float a = static_cast<float>(i % 7), b = static_cast<float>(i % 5);
    rows.push_back({{a, b, 2.5f}, i % 3, 0.01 * i});
  }
  const MetricSums whole = SumsOf(rows, 3);
  MetricSums parts = MetricSums::ForClasses(3);
  for (std::size_t begin = 0; begin < rows.size(); begin += 7) {
    const auto end = std::min(begin + 7, rows.size());
    const std::vector<Row> part(rows.begin() + static_cast<std::ptrdiff_t>(begin),
                                rows.begin() + static_cast<std::ptrdiff_t>(end));
    ASSERT_TRUE(parts.Add(SumsOf(part, 3)).ok());
  }
  EXPECT_EQ(parts, whole);
}

TEST(MetricsTest, OtherNumberOfClassesIsRefused) {
  MetricSums sums = MetricSums::ForClasses(3);
  const Status status = sums.Add(MetricSums::ForClasses(2));
  EXPECT_EQ(status.id(), errors::kMetricsLayout);
  EXPECT_EQ(status.what(), "metrics count 2 classes, expected 3");
}

TEST(MetricsTest, NamesAreLookedUp) {
  MetricValues values;
  values.macro_f1 = 0.25;
  double out = 0;
  EXPECT_TRUE(MetricByName(values, "macro_f1", &out));
  EXPECT_EQ(out, 0.25);
  EXPECT_FALSE(MetricByName(values, "f1", &out));
}

}  // namespace
}  // namespace cairn

#include "client/data/example_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "client/data/table_source.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;

// Row i holds (i, -i) and class i mod 3.
std::shared_ptr<const ExampleSource> Counting(std::uint32_t rows) {
  std::vector<float> features;
  std::vector<std::int64_t> labels;
  for (std::uint32_t i = 0; i < rows; ++i) {
    features.push_back(static_cast<float>(i));
    features.push_back(-static_cast<float>(i));
    labels.push_back(i % 3);
  }
  return TableSource::WithLabels({{2}}, std::move(features), std::move(labels), 3);
}

RandomStream Holdout(std::uint64_t client) { return SeededRandom(7).Open({Purpose::kHoldout, 0, client, 0}); }

TEST(SubsetTest, GathersTheSourcesRowsInTheOrderAsked) {
  const Subset subset(Counting(1000), {900, 7, 3});
  std::vector<float> features(4);
  std::vector<std::int64_t> labels(2);
  subset.Gather(std::vector<std::uint32_t>{2, 0}, features, labels);
  EXPECT_THAT(features, ElementsAre(3, -3, 900, -900));
  EXPECT_THAT(labels, ElementsAre(0, 0));
  EXPECT_THAT(AllLabels(subset), ElementsAre(0, 1, 0));
  EXPECT_THAT(LabelHistogram(subset), ElementsAre(2u, 1u, 0u));
}

TEST(SubsetTest, ASubsetOfASubsetAndLongBatchesWork) {
  std::vector<std::uint32_t> even(500);
  for (std::uint32_t i = 0; i < 500; ++i) even[i] = 2 * i;
  const auto outer = std::make_shared<Subset>(Counting(1000), even);
  const Subset inner(outer, {499, 0});
  std::vector<float> targets(600);
  std::vector<std::uint32_t> rows(600);
  for (std::uint32_t i = 0; i < 600; ++i) rows[i] = i % 2;
  inner.GatherTargets(rows, targets);
  for (std::uint32_t i = 0; i < 600; ++i) ASSERT_EQ(targets[i], i % 2 == 0 ? 998 % 3 : 0) << i;
}

TEST(TrainHoldoutSplitTest, EveryRowIsInExactlyOneHalfAndTheHoldoutHasTheFloor) {
  for (const double fraction : {0.0, 0.2, 0.333, 1.0}) {
    const HoldoutSplit split = TrainHoldoutSplit(101, fraction, Holdout(1));
    EXPECT_EQ(split.holdout.size(), static_cast<std::size_t>(fraction * 101)) << fraction;
    EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
    EXPECT_TRUE(std::is_sorted(split.holdout.begin(), split.holdout.end()));
    std::vector<std::uint32_t> all;
    std::merge(split.train.begin(), split.train.end(), split.holdout.begin(), split.holdout.end(),
               std::back_inserter(all));
    std::vector<std::uint32_t> expected(101);
    std::iota(expected.begin(), expected.end(), 0u);
    EXPECT_EQ(all, expected);
  }
}

TEST(TrainHoldoutSplitTest, EqualStreamsSplitEquallyAndOtherClientsDoNot) {
  EXPECT_EQ(TrainHoldoutSplit(50, 0.3, Holdout(1)).holdout, TrainHoldoutSplit(50, 0.3, Holdout(1)).holdout);
  EXPECT_NE(TrainHoldoutSplit(50, 0.3, Holdout(1)).holdout, TrainHoldoutSplit(50, 0.3, Holdout(2)).holdout);
}

TEST(TrainHoldoutSplitTest, AListOfRowsIsSplitByItsRowNumbers) {
  const std::vector<std::uint32_t> rows = {40, 10, 30, 20};
  const HoldoutSplit split = TrainHoldoutSplit(rows, 0.5, Holdout(1));
  EXPECT_EQ(split.train.size(), 2u);
  for (const std::uint32_t row : split.holdout)
    EXPECT_NE(std::find(rows.begin(), rows.end(), row), rows.end());
}

TEST(TrainHoldoutSplitTest, RowsOfAPatientStayTogetherAndNobodyDecidesOnAnother) {
  std::vector<std::uint32_t> units, rows(600);
  for (std::uint32_t row = 0; row < 600; ++row) units.push_back(row % 200);
  std::iota(rows.begin(), rows.end(), 0u);
  const auto table = std::shared_ptr<const ExampleSource>(
      TableSource::WithLabels({{1}}, std::vector<float>(600), std::vector<std::int64_t>(600), 2));
  const UnitSource patients(table, units);
  const HoldoutSplit split = TrainHoldoutSplit(patients, rows, 0.3, Holdout(1));
  EXPECT_EQ(split.train.size() + split.holdout.size(), 600u);
  EXPECT_NEAR(static_cast<double>(split.holdout.size()) / 600, 0.3, 0.16);  // 5 standard errors of 200 coins
  std::vector<bool> is_held(200, false);
  for (const std::uint32_t row : split.holdout) is_held[units[row]] = true;
  for (const std::uint32_t row : split.train) EXPECT_FALSE(is_held[units[row]]);
  // The last patient's rows gone, everyone else is where they were.
  std::erase_if(rows, [&](std::uint32_t row) { return units[row] == 199; });
  HoldoutSplit without = TrainHoldoutSplit(patients, rows, 0.3, Holdout(1)), expected = split;
  std::erase_if(expected.train, [&](std::uint32_t row) { return units[row] == 199; });
  EXPECT_EQ(without.train, expected.train);
}

TEST(ScaledSourceTest, StandardisesWithTheTrainingRowsOnly) {
  const auto source = Counting(5);
  const std::vector<std::uint32_t> train = {1, 3};  // mean 2, unbiased std √2
  const ScaledSource scaled(source, MeasureScale(*source, train));
  std::vector<float> features(4);
  scaled.Gather(std::vector<std::uint32_t>{2, 3}, features, {});
  EXPECT_NEAR(features[0], 0.0, 1e-6);
  EXPECT_NEAR(features[2], 0.70710678, 1e-6);
  EXPECT_NEAR(features[3], -0.70710678, 1e-6);
}

}  // namespace
}  // namespace cairn

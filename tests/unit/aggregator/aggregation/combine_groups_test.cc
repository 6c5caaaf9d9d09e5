#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aggregator/aggregation/group_rules.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;

std::vector<AggregateUpdate> Means() {
  const auto mean = [](std::vector<float> parameters, float buffer, double weight, std::uint64_t count) {
    AggregateUpdate update;
    update.layout = {2, 1, 0, 7};
    update.parameters = std::move(parameters);
    update.buffers = {buffer};
    update.total_weight = weight;
    update.count = count;
    return update;
  };
  // The poisoned group says that it weighs most.
  return {mean({1, 2}, 5, 0.5, 4), mean({2, 1}, 6, 0.25, 4), mean({900, -900}, -70, 100, 5)};
}

TEST(CombineGroupsTest, EveryGroupCountsTheSameAndTheWholeIsCounted) {
  const auto result = CombineGroups(Means(), GroupRule::kMedian, 0);
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->parameters, ElementsAre(2, 1));
  EXPECT_THAT(result->buffers, ElementsAre(5));
  EXPECT_TRUE(result->counters.empty());
  EXPECT_EQ(result->total_weight, 100.75);
  EXPECT_EQ(result->count, 13u);
  EXPECT_EQ(result->layout, Means().front().layout);
}

TEST(CombineGroupsTest, ATrimmedMeanOfThreeWithoutItsEndsIsTheMedian) {
  EXPECT_THAT(CombineGroups(Means(), GroupRule::kTrimmedMean, 1)->parameters, ElementsAre(2, 1));
}

TEST(CombineGroupsTest, NothingIsLeftOfTooFewGroups) {
  EXPECT_EQ(CombineGroups({}, GroupRule::kMedian, 0).status().id(), errors::kAggregateEmpty);
  const std::vector<AggregateUpdate> means = Means();
  EXPECT_EQ(CombineGroups(std::span(means).first(2), GroupRule::kTrimmedMean, 1).status().id(),
            errors::kAggregateEmpty);
}

}  // namespace
}  // namespace cairn

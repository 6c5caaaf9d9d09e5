#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "aggregator/aggregation/group_rules.h"
#include "tests/unit/aggregator/aggregation/group_maker.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;

std::vector<float> Median(const MadeGroups& groups) {
  std::vector<float> out(groups.values.front().size());
  MedianOfGroups(groups.spans(), out);
  return out;
}

TEST(GroupMedianTest, IsTheMiddleOneOfAnOddNumberAndHalfWayBetweenTheMiddleTwoOfAnEvenOne) {
  EXPECT_THAT(Median({{{1, 9}, {5, -3}, {2, 0}}}), ElementsAre(2, 0));
  EXPECT_THAT(Median({{{1, 4}, {100, 1}, {2, 2}, {4, 8}}}), ElementsAre(3, 3));
}

TEST(GroupMedianTest, IsWhatSortingGives) {
  RandomStream draw = SeededRandom(1).Open({Purpose::kTest, 0, 0, 0});
  for (std::size_t groups = 3; groups <= 12; ++groups) {
    const MadeGroups made = MadeGroups::Draw(draw, groups, 50);
    const std::vector<float> median = Median(made);
    for (std::size_t i = 0; i < 50; ++i) {
      std::vector<float> column = made.Column(i);
      std::ranges::sort(column);
      const double low = column[(groups - 1) / 2], high = column[groups / 2];
      EXPECT_EQ(median[i], static_cast<float>((low + high) / 2)) << groups << " groups";
    }
  }
}

TEST(GroupMedianTest, TheOrderOfTheGroupsDoesNotChangeABit) {
  RandomStream draw = SeededRandom(2).Open({Purpose::kTest, 0, 0, 0});
  MadeGroups made = MadeGroups::Draw(draw, 8, 20);
  for (std::size_t g = 0; g < 8; ++g) made.values[g][0] = g % 2 == 0 ? 0.0f : -0.0f;
  const std::vector<float> once = Median(made);
  for (int i = 0; i < 50; ++i) {
    made.Shuffle(draw);
    const std::vector<float> again = Median(made);
    EXPECT_TRUE(std::ranges::equal(std::as_bytes(std::span(again)), std::as_bytes(std::span(once))));
  }
}

TEST(GroupMedianTest, FewerThanHalfHostileGroupsCannotMoveItOutOfTheHonestRange) {
  RandomStream draw = SeededRandom(3).Open({Purpose::kTest, 0, 0, 0});
  constexpr float kHuge = std::numeric_limits<float>::max();
  for (int run = 0; run < 2000; ++run) {
    const std::size_t groups = 3 + draw.Below(10), hostile = draw.Below((groups - 1) / 2 + 1);
    MadeGroups made = MadeGroups::Draw(draw, groups, 4);
    std::vector<float> low(4, kHuge), high(4, -kHuge);
    for (std::size_t g = 0; g < groups; ++g) {
      for (std::size_t i = 0; i < 4; ++i) {
        if (g < hostile) {
          made.values[g][i] = std::vector<float>{kHuge, -kHuge, 3, -0.5f}[draw.Below(4)];
        } else {
          low[i] = std::min(low[i], made.values[g][i]);
          high[i] = std::max(high[i], made.values[g][i]);
        }
      }
    }
    made.Shuffle(draw);
    const std::vector<float> median = Median(made);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_GE(median[i], low[i]) << groups << " groups, " << hostile << " hostile";
      EXPECT_LE(median[i], high[i]) << groups << " groups, " << hostile << " hostile";
    }
  }
}

}  // namespace
}  // namespace cairn

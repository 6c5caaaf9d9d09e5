#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aggregator/aggregation/group_rules.h"
#include "tests/unit/aggregator/aggregation/group_maker.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;

std::vector<float> Trimmed(const MadeGroups& groups, std::uint32_t trim) {
  std::vector<float> out(groups.values.front().size());
  TrimmedMeanOfGroups(groups.spans(), trim, out);
  return out;
}

TEST(GroupTrimmedMeanTest, LeavesOutTheSmallestAndTheLargest) {
  EXPECT_THAT(Trimmed({{{1, 9}, {5, -3}, {2, 0}, {-100, 1}, {3, 100}}}, 1), ElementsAre(2, 10.0f / 3));
  EXPECT_THAT(Trimmed({{{1, 9}, {5, -3}, {2, 0}, {-100, 1}, {3, 100}}}, 2), ElementsAre(2, 1));
}

TEST(GroupTrimmedMeanTest, IsWhatSortingGivesInAnyOrder) {
  RandomStream draw = SeededRandom(1).Open({Purpose::kTest, 0, 0, 0});
  for (std::uint32_t trim = 1; trim <= 3; ++trim) {
    MadeGroups made = MadeGroups::Draw(draw, 2 * trim + 1 + draw.Below(5), 30);
    const std::vector<float> mean = Trimmed(made, trim);
    for (std::size_t i = 0; i < 30; ++i) {
      std::vector<float> column = made.Column(i);
      std::ranges::sort(column);
      double sum = 0;
      for (std::size_t g = trim; g < column.size() - trim; ++g) sum += static_cast<double>(column[g]);
      EXPECT_EQ(mean[i], static_cast<float>(sum / static_cast<double>(column.size() - 2 * trim)));
    }
    for (int i = 0; i < 20; ++i) {
      made.Shuffle(draw);
      EXPECT_EQ(Trimmed(made, trim), mean);
    }
  }
}

TEST(GroupTrimmedMeanTest, AsManyHostileGroupsAsAreTrimmedCannotMoveItOutOfTheHonestRange) {
  RandomStream draw = SeededRandom(2).Open({Purpose::kTest, 0, 0, 0});
  for (int run = 0; run < 2000; ++run) {
    const auto trim = static_cast<std::uint32_t>(1 + draw.Below(3));
    const std::size_t groups = 2 * trim + 1 + draw.Below(6);
    MadeGroups made = MadeGroups::Draw(draw, groups, 1);
    float low = 2, high = -2;
    for (std::size_t g = 0; g < groups; ++g) {
      float& value = made.values[g][0];
      if (g < trim) {
        value = draw.Below(2) == 0 ? 1e30f : -1e30f;
      } else {
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
    const float mean = Trimmed(made, trim)[0];
    EXPECT_GE(mean, low);
    EXPECT_LE(mean, high);
  }
}

}  // namespace
}  // namespace cairn

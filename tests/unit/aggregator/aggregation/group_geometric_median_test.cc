#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "aggregator/aggregation/group_rules.h"
#include "tests/unit/aggregator/aggregation/group_maker.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

std::vector<float> Center(const MadeGroups& groups) {
  std::vector<float> out(groups.values.front().size());
  GeometricMedianOfGroups(groups.spans(), out);
  return out;
}

double SumOfDistances(const MadeGroups& groups, const std::vector<float>& point) {
  double sum = 0;
  for (const auto& group : groups.values) {
    double square = 0;
    for (std::size_t i = 0; i < point.size(); ++i) square += std::pow(double(point[i]) - double(group[i]), 2);
    sum += std::sqrt(square);
  }
  return sum;
}

// The Fermat point of a triangle with equal sides is its centre; an angle of 120° and more is the point
// itself.
TEST(GroupGeometricMedianTest, IsTheFermatPointOfATriangle) {
  const float h = std::sqrt(3.0f) / 2;
  EXPECT_THAT(Center({{{0, 0}, {1, 0}, {0.5f, h}}}),
              ElementsAre(FloatNear(0.5f, 1e-5f), FloatNear(h / 3, 1e-5f)));
  EXPECT_THAT(Center({{{-10, 1}, {0, 0}, {10, 1}}}), ElementsAre(FloatNear(0, 1e-3f), FloatNear(0, 1e-3f)));
}

TEST(GroupGeometricMedianTest, NoPointNearbyHasASmallerSumOfDistances) {
  RandomStream draw = SeededRandom(1).Open({Purpose::kTest, 0, 0, 0});
  for (int run = 0; run < 50; ++run) {
    const MadeGroups made = MadeGroups::Draw(draw, 3 + draw.Below(6), 5);
    const std::vector<float> center = Center(made);
    const double least = SumOfDistances(made, center);
    for (int i = 0; i < 20; ++i) {
      std::vector<float> nearby = center;
      for (float& x : nearby) x += static_cast<float>(0.02 * (2 * draw.Uniform() - 1));
      EXPECT_GE(SumOfDistances(made, nearby), least - 1e-5) << "run " << run;
    }
  }
}

// With fewer than half hostile groups it stays within 2 / (1 - 2f/G) radii of the honest ones (Pillutla et
// al.).
TEST(GroupGeometricMedianTest, HostileGroupsCannotCarryItAway) {
  MadeGroups made{{{0.1f, 0}, {0, 0.1f}, {-0.1f, 0}, {1e6f, 1e6f}, {1e6f, -1e6f}}};
  for (const float x : Center(made)) EXPECT_LT(std::abs(x), 1.0f);
}

TEST(GroupGeometricMedianTest, TheSameGroupsGiveTheSameBytes) {
  RandomStream draw = SeededRandom(4).Open({Purpose::kTest, 0, 0, 0});
  const MadeGroups made = MadeGroups::Draw(draw, 7, 40);
  EXPECT_EQ(Center(made), Center(made));
}

}  // namespace
}  // namespace cairn

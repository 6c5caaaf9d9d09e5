#include "privacy/accounting/epsilon_delta.h"

#include <gtest/gtest.h>

#include <limits>

namespace cairn {
namespace {

TEST(EpsilonDeltaTest, DeltaIsStrictlyBetweenZeroAndOne) {
  for (const double bad : {0.0, 1.0, -1e-5, 2.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(Delta::Create(bad).status().id(), errors::kPrivacyParameter) << bad;
  }
  EXPECT_EQ(Delta::Create(1e-5).value().value(), 1e-5);
}

TEST(EpsilonDeltaTest, DeltaOfOnePersonInNIsRefused) {
  EXPECT_EQ(Delta::ForPopulation(1e-3, 1000).status().id(), errors::kPrivacyDelta);
  EXPECT_EQ(Delta::ForPopulation(1e-2, 1000).status().id(), errors::kPrivacyDelta);
  EXPECT_TRUE(Delta::ForPopulation(9e-4, 1000).ok());
  EXPECT_EQ(Delta::ForPopulation(.5, 0).status().id(), errors::kPrivacyParameter);
}

TEST(EpsilonDeltaTest, DefaultIsTheLargestPowerOfTenThatIsSafe) {
  EXPECT_EQ(Delta::DefaultFor(1).value().value(), 1e-1);
  EXPECT_EQ(Delta::DefaultFor(9).value().value(), 1e-2);
  EXPECT_EQ(Delta::DefaultFor(10).value().value(), 1e-2);
  EXPECT_EQ(Delta::DefaultFor(11).value().value(), 1e-3);
  EXPECT_EQ(Delta::DefaultFor(1000).value().value(), 1e-4);
  EXPECT_EQ(Delta::DefaultFor(4000).value().value(), 1e-5);
  EXPECT_EQ(Delta::DefaultFor(0).status().id(), errors::kPrivacyParameter);
  EXPECT_EQ(Delta::DefaultFor(~std::uint64_t{0}).status().id(), errors::kPrivacyParameter);
}

TEST(EpsilonDeltaTest, TargetIsPositiveAndFinite) {
  const Delta delta = Delta::Create(1e-5).value();
  for (const double bad :
       {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(MakeTarget(bad, delta).status().id(), errors::kPrivacyParameter) << bad;
  }
  EXPECT_EQ(ToString(MakeTarget(2.3501, delta).value()), "ε 2.36 at δ 1e-05");
}

}  // namespace
}  // namespace cairn

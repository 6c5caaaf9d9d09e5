#include "privacy/accounting/calibration.h"

#include <gtest/gtest.h>

#include "tests/unit/privacy/accounting/accounts.h"

namespace cairn {
namespace {

EpsilonDelta Target(double epsilon) { return MakeTarget(epsilon, Delta::Create(1e-5).value()).value(); }

TEST(CalibrationTest, NoiseReachesTheTargetAndLessDoesNot) {
  for (const double epsilon : {.1, 1.0, 8.0, 200.0}) {
    const NoiseCalibration found =
        CalibrateNoise(AccountantKind::kRdp, GaussianTerms(.02, 1, 1000), Target(epsilon)).value();
    EXPECT_LE(RdpEpsilon(.02, found.least, 1000, 1e-5), epsilon);
    EXPECT_GT(RdpEpsilon(.02, found.least * (1 - 2e-6), 1000, 1e-5), epsilon);
    EXPECT_GE(found.noise_multiplier, found.least);
    EXPECT_LT(found.noise_multiplier, found.least + .001);
    EXPECT_LE(found.reached.epsilon, epsilon);
  }
}

TEST(CalibrationTest, UnreachableTargetIsRefused) {
  const auto result =
      CalibrateNoise(AccountantKind::kRdp, GaussianTerms(1, 1, PrivacyEvent::kMaxSteps), Target(1e-3));
  EXPECT_EQ(result.status().id(), errors::kPrivacyTarget);
}

TEST(CalibrationTest, WhatNoNoiseMakesRightIsRefusedAsWhatItIs) {
  PrivacyEvent::Terms terms = GaussianTerms(.1, 1, 10);
  std::get<GaussianNoise>(terms.mechanism).law = SamplingLaw::kShuffled;
  EXPECT_EQ(CalibrateNoise(AccountantKind::kRdp, terms, Target(1)).status().id(), errors::kPrivacySampling);
  terms.mechanism = NoNoise{};
  EXPECT_EQ(CalibrateNoise(AccountantKind::kRdp, terms, Target(1)).status().id(), errors::kPrivacyParameter);
}

TEST(CalibrationTest, MostStepsFitAndOneMoreDoesNot) {
  const auto account = NewRdpAccountant({});
  ASSERT_TRUE(account->Compose(GaussianEvent(.016, 1.5, 630)).ok());
  const std::uint64_t more = MostSteps(*account, GaussianTerms(.016, 1.5, 1), Target(4)).value();
  EXPECT_LE(RdpEpsilon(.016, 1.5, 630 + more, 1e-5), 4);
  EXPECT_GT(RdpEpsilon(.016, 1.5, 631 + more, 1e-5), 4);
  EXPECT_EQ(MostSteps(*account, GaussianTerms(.016, 1.5, 1), Target(1)).value(), 0u);
}

}  // namespace
}  // namespace cairn

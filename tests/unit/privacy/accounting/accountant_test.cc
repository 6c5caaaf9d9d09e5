#include "privacy/accounting/accountant.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/privacy/accounting/accounts.h"

namespace cairn {
namespace {

const Delta kDelta = Delta::Create(1e-5).value();

class AccountantTest : public testing::TestWithParam<AccountantKind> {
 protected:
  std::unique_ptr<PrivacyAccountant> New(PrivacyConvention convention = {}) const {
    return NewAccountant(GetParam(), convention);
  }
};
INSTANTIATE_TEST_SUITE_P(Both, AccountantTest, testing::Values(AccountantKind::kRdp, AccountantKind::kPld),
                         [](const auto& kind) { return kind.param == AccountantKind::kRdp ? "Rdp" : "Pld"; });

TEST_P(AccountantTest, NothingReleasedCostsNothing) { EXPECT_EQ(New()->EpsilonFor(kDelta).epsilon, 0); }

TEST_P(AccountantTest, UndefendedReleaseCostsEverythingForGood) {
  const auto account = New();
  ASSERT_TRUE(
      account->Compose(PrivacyEvent::Create({.mechanism = NoNoise{}, .convention = {}}).value()).ok());
  ASSERT_TRUE(account->Compose(GaussianEvent(.1, 5, 1)).ok());
  EXPECT_TRUE(std::isinf(account->EpsilonFor(kDelta).epsilon));
}

TEST_P(AccountantTest, TwoConventionsNeverMeet) {
  for (const PrivacyConvention other : {PrivacyConvention{PrivacyUnit::kClient, Adjacency::kAddOrRemove},
                                        PrivacyConvention{PrivacyUnit::kPatient, Adjacency::kReplaceOne}}) {
    const auto account = New(other);
    EXPECT_EQ(account->Compose(GaussianEvent(1, 2, 1)).id(), errors::kPrivacyConvention);
    EXPECT_EQ(account->EpsilonFor(kDelta).epsilon, 0);
  }
}

TEST_P(AccountantTest, StepsInOneEventOrInManyCostTheSame) {
  const auto once = New(), split = New();
  ASSERT_TRUE(once->Compose(GaussianEvent(.02, 1.1, 300)).ok());
  for (const int steps : {1, 99, 200}) {
    ASSERT_TRUE(split->Compose(GaussianEvent(.02, 1.1, static_cast<std::uint64_t>(steps))).ok());
  }
  EXPECT_NEAR(once->EpsilonFor(kDelta).epsilon, split->EpsilonFor(kDelta).epsilon, 1e-9);
}

TEST_P(AccountantTest, MoreReleasesOrLessDeltaNeverCostLess) {
  const auto account = New();
  double before = 0;
  for (int round = 0; round < 4; ++round) {
    ASSERT_TRUE(account->Compose(GaussianEvent(.05, 1.5, 20)).ok());
    ASSERT_TRUE(account->Compose(GaussianEvent(1, 20, 1)).ok());
    const double epsilon = account->EpsilonFor(kDelta).epsilon;
    EXPECT_GT(epsilon, before);
    EXPECT_GT(account->EpsilonFor(Delta::Create(1e-8).value()).epsilon, epsilon);
    before = epsilon;
  }
}

TEST_P(AccountantTest, CloneGoesItsOwnWay) {
  const auto account = New();
  ASSERT_TRUE(account->Compose(GaussianEvent(1, 3, 1)).ok());
  const double before = account->EpsilonFor(kDelta).epsilon;
  const auto clone = account->Clone();
  ASSERT_TRUE(clone->Compose(GaussianEvent(1, 3, 5)).ok());
  EXPECT_EQ(account->EpsilonFor(kDelta).epsilon, before);
  EXPECT_GT(clone->EpsilonFor(kDelta).epsilon, before);
}

TEST_P(AccountantTest, ReplaceOneCostsWhatHalfTheNoiseCosts) {
  PrivacyEvent::Terms terms = GaussianTerms(1, 4, 3);
  terms.convention.adjacency = Adjacency::kReplaceOne;
  const auto account = New(terms.convention), half = New();
  ASSERT_TRUE(account->Compose(PrivacyEvent::Create(terms).value()).ok());
  ASSERT_TRUE(half->Compose(GaussianEvent(1, 2, 3)).ok());
  EXPECT_EQ(account->EpsilonFor(kDelta).epsilon, half->EpsilonFor(kDelta).epsilon);
}

TEST(PldAccountantTest, IsNeverAboveTheRenyiBound) {
  struct Case {
    double q, z;
    std::uint64_t steps;
  };
  for (const auto& [q, z, steps] :
       {Case{.001, .7, 1}, {.001, .7, 1000}, {.05, 4, 1000}, {.5, 2, 10}, {.9, 4, 100}}) {
    const double pld = PldEpsilon(q, z, steps, 1e-5);
    EXPECT_LE(pld, RdpEpsilon(q, z, steps, 1e-5)) << q << " " << z << " " << steps;
    EXPECT_GE(pld, 0);
  }
}

TEST(PldAccountantTest, DeltaBelowTheTransformsRoundingGetsTheRenyiBound) {
  EXPECT_EQ(PldEpsilon(.05, 1, 100, 1e-14), RdpEpsilon(.05, 1, 100, 1e-14));
  EXPECT_LT(PldEpsilon(.05, 1, 100, 1e-10), RdpEpsilon(.05, 1, 100, 1e-10));
}

TEST(PldAccountantTest, NoiseTooLowForTheGridStillGivesABound) {
  const double epsilon = PldEpsilon(.5, .01, 3, 1e-5);
  EXPECT_GT(epsilon, 3 * 4999);
  EXPECT_LE(epsilon, RdpEpsilon(.5, .01, 3, 1e-5));
}

TEST(PldAccountantTest, DistributedNoiseIsRefusedByName) {
  const PrivacyConvention convention{PrivacyUnit::kClient, Adjacency::kZeroOut};
  const auto event = PrivacyEvent::Create({.mechanism = DistributedGaussianNoise{12, 1000, 500, 2000},
                                           .convention = convention})
                         .value();
  EXPECT_EQ(NewPldAccountant(convention)->Compose(event).id(), errors::kPrivacySampling);
  EXPECT_TRUE(NewRdpAccountant(convention)->Compose(event).ok());
}

}  // namespace
}  // namespace cairn

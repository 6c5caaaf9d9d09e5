// Pitfall 1: the aggregator shows a cohort so small, or so small a part of the job, that its sum says too
// much.
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

void ExpectCohortRefused(SecAggScript& script, const Members& shown) {
  script.Advertise();
  const LyingAggregator liar(script);
  const Member victim = shown.front();
  EXPECT_TRUE(FailsWith(script.clients[victim]->OnCohort(liar.MessageFor(liar.FormOf(shown), victim)),
                        errors::kSecAggFloor));
  EXPECT_EQ(script.clients[victim]->phase(), Client::Phase::kFailed);
  // Not even the honest cohort brings it back into this attempt.
  EXPECT_TRUE(
      FailsWith(script.clients[victim]->OnCohort(*script.server->CohortFor(victim)), errors::kSecAggState));
}

TEST(AttackTinyCohortsTest, TwoSitesAreNoCohort) {
  SecAggScript script({.n = 5});
  ExpectCohortRefused(script, {0, 1});
}

TEST(AttackTinyCohortsTest, ThreeSitesAreTooFewForAPolicyOfFour) {
  SecAggScript script({.n = 6, .min_cohort = 4});
  ExpectCohortRefused(script, {0, 1, 2});
}

TEST(AttackTinyCohortsTest, HalfOfAJobOfAllIsRefusedAndOneMoreIsNot) {
  SecAggScript script({.n = 8, .job_members = 8});
  ExpectCohortRefused(script, {0, 1, 2, 3});
  SecAggScript more({.n = 8, .job_members = 8});
  more.Advertise();
  const LyingAggregator honest(more);
  EXPECT_TRUE(more.clients[0]->OnCohort(honest.MessageFor(honest.FormOf({0, 1, 2, 3, 4}), 0)).ok());
}

TEST(AttackTinyCohortsTest, TermsBelowThePolicyAreRefusedBeforeAnyKeyIsShown) {
  SecAggScript script({.n = 5, .min_cohort = 3});
  script.floors.min_cohort = 4;
  script.terms.n_min = 3;
  EXPECT_TRUE(FailsWith(script.NewClient(0), errors::kSecAggFloor));
  EXPECT_TRUE(FailsWith(script.NewServer(), errors::kSecAggFloor));
}

TEST(AttackTinyCohortsTest, SharersBelowTheSmallestSumAreRefused) {
  SecAggScript script({.n = 6});  // u3_min = 5
  script.Advertise();
  script.Share();
  const SiteState state(*script.clients[0]);
  const DeliveryMessage honest = *script.server->DeliveryFor(0);
  const std::vector<SealedShare> some(honest.shares.begin(), honest.shares.begin() + 4);
  const auto small = LyingAggregator(script).Deliver(state.around().context, SetOf(6, {0, 1, 2, 3}), some);
  EXPECT_TRUE(FailsWith(script.clients[0]->OnDelivery(small), errors::kSecAggFloor));
  std::vector<std::uint64_t> words = script.inputs[0];
  EXPECT_TRUE(FailsWith(script.MaskWords(*script.clients[0], words), errors::kSecAggState));
  EXPECT_EQ(words, script.inputs[0]);
}

TEST(AttackTinyCohortsTest, SurvivorsBelowTheSmallestSumAreRefused) {
  SecAggScript script({.n = 6});
  script.Advertise();
  script.Share();
  script.Mask();
  const Sha256Digest cc = SiteState(*script.clients[0]).around().context;
  const auto few = LyingAggregator(script).NameSurvivors(cc, SiteSet::All(6), SetOf(6, {0, 1, 2, 3}));
  EXPECT_TRUE(FailsWith(script.clients[0]->OnSurvivors(few, {}), errors::kSecAggFloor));
}

// Of nine sites seven may be summed by the rule of two thirds; their shares of noise were made for eight.
TEST(AttackTinyCohortsTest, FewerThanTheSitesThatNoiseIsSharedByAreNeitherSharersNorSurvivors) {
  SecAggScript script({.n = 9, .least_survivors = 8});
  script.Advertise();
  script.Share();
  const SiteState state(*script.clients[0]);
  const Sha256Digest cc = state.around().context;
  const DeliveryMessage honest = *script.server->DeliveryFor(0);
  const std::vector<SealedShare> some(honest.shares.begin(), honest.shares.begin() + 7);
  const LyingAggregator liar(script);
  EXPECT_TRUE(
      FailsWith(script.clients[0]->OnDelivery(liar.Deliver(cc, SetOf(9, {0, 1, 2, 3, 4, 5, 6}), some)),
                errors::kSecAggFloor));
  SecAggScript other({.n = 9, .least_survivors = 8});
  other.Advertise();
  other.Share();
  other.Mask();
  const Sha256Digest second = SiteState(*other.clients[0]).around().context;
  const LyingAggregator names(other);
  const auto survivors = [&](const SiteSet& u3) { return names.NameSurvivors(second, SiteSet::All(9), u3); };
  EXPECT_TRUE(FailsWith(other.clients[0]->OnSurvivors(survivors(SetOf(9, {0, 1, 2, 3, 4, 5, 6})), {}),
                        errors::kSecAggFloor));
  EXPECT_TRUE(other.clients[1]->OnSurvivors(survivors(SetOf(9, {0, 1, 2, 3, 4, 5, 6, 7})), {}).ok());
}

}  // namespace
}  // namespace cairn::secagg

// Pitfall 9: a member that comes again with other keys in one attempt.
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

TEST(AttackRejoinTest, ASecondAdvertIsRefusedAndRecorded) {
  SecAggScript script({.n = 5}), reborn({.n = 5, .seed = 2});
  script.Advertise();
  auto again = *reborn.NewClient(2);  // same member, same signing key, same round, fresh secrets
  ASSERT_EQ(RoundContext(reborn.terms), RoundContext(script.terms));

  auto server = *script.NewServer();
  ASSERT_TRUE(server->OnAdvert(2, script.clients[2]->advert()).ok());
  EXPECT_TRUE(FailsWith(server->OnAdvert(2, again->advert()), errors::kSecAggMessage));
  EXPECT_EQ(server->blames(), (std::vector<Blame>{{Blame::Kind::kTwoAdverts, 2, std::nullopt}}));
  EXPECT_TRUE(server->OnAdvert(2, script.clients[2]->advert()).ok()) << "the first one stands";

  EXPECT_TRUE(FailsWith(script.server->OnAdvert(2, again->advert()), errors::kSecAggMessage));
  EXPECT_EQ(script.server->blames().size(), 1u) << "also once the cohort is fixed";
}

TEST(AttackRejoinTest, WhoeverForgesASecondAdvertBlamesNobody) {
  SecAggScript script({.n = 5});
  script.Advertise();
  Advert forged = script.clients[2]->advert();
  forged.commitment = Sha256::Of("another");
  EXPECT_TRUE(FailsWith(script.server->OnAdvert(2, forged), errors::kSecAggMessage));
  EXPECT_TRUE(script.server->blames().empty());
}

TEST(AttackRejoinTest, ASiteThatFindsAnotherAdvertInItsPlaceLeaves) {
  SecAggScript script({.n = 5}), reborn({.n = 5, .seed = 2});
  script.Advertise();
  auto again = *reborn.NewClient(2);
  EXPECT_TRUE(FailsWith(again->OnCohort(*script.server->CohortFor(2)), errors::kSecAggMessage));
  EXPECT_EQ(again->phase(), Client::Phase::kFailed);
}

}  // namespace
}  // namespace cairn::secagg

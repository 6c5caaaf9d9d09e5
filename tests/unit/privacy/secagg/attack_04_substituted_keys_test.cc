// Pitfall 4: keys that are not of the pinned roster's members. The aggregator cannot write that roster.
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

TEST(AttackSubstitutedKeysTest, AnAdvertUnderAnotherKeyIsRefusedByBothSides) {
  SecAggScript script({.n = 5}), foreign({.n = 5, .seed = 9});
  script.Advertise();
  foreign.Advertise();
  // The aggregator's own keys in the place of site 4, signed by what is not site 4.
  Advert substituted = foreign.clients[3]->advert();
  auto server = *script.NewServer();
  EXPECT_TRUE(FailsWith(server->OnAdvert(4, substituted), errors::kSecAggMember));

  const LyingAggregator liar(script);
  std::vector<std::pair<Member, Advert>> shown;
  for (const Member m : Range(4)) shown.emplace_back(m, script.clients[m]->advert());
  shown.emplace_back(4, substituted);
  EXPECT_TRUE(
      FailsWith(script.clients[0]->OnCohort(liar.MessageFor(liar.Form(shown), 0)), errors::kSecAggMember));
  EXPECT_EQ(script.clients[0]->phase(), Client::Phase::kFailed);
}

TEST(AttackSubstitutedKeysTest, OneMembersAdvertDoesNotStandInForAnother) {
  SecAggScript script({.n = 5});
  script.Advertise();
  auto server = *script.NewServer();
  EXPECT_TRUE(FailsWith(server->OnAdvert(3, script.clients[4]->advert()), errors::kSecAggMember));
}

TEST(AttackSubstitutedKeysTest, SybilsBeyondTheRosterAreRefused) {
  SecAggScript script({.n = 5});
  script.Advertise();
  EXPECT_TRUE(
      FailsWith((*script.NewServer())->OnAdvert(5, script.clients[4]->advert()), errors::kSecAggMember));
  const LyingAggregator liar(script);
  std::vector<std::pair<Member, Advert>> shown;
  for (const Member m : Range(4)) shown.emplace_back(m, script.clients[m]->advert());
  shown.emplace_back(17, script.clients[4]->advert());
  script.terms.n_max = 6;
  EXPECT_TRUE(
      FailsWith(script.clients[0]->OnCohort(liar.MessageFor(liar.Form(shown), 0)), errors::kSecAggMember));
}

TEST(AttackSubstitutedKeysTest, ASuspendedMemberNeitherBeginsNorIsTaken) {
  SecAggScript script({.n = 5});
  script.Advertise();
  const Advert before = script.clients[4]->advert();
  Membership suspended = *script.membership;
  suspended.members[4].active = false;
  script.membership = std::make_shared<Membership>(suspended);
  EXPECT_TRUE(FailsWith(script.NewClient(4), errors::kSecAggMember));
  EXPECT_TRUE(FailsWith((*script.NewServer())->OnAdvert(4, before), errors::kSecAggMember));
  auto peer = *script.NewClient(0);
  const LyingAggregator liar(script);
  EXPECT_TRUE(FailsWith(peer->OnCohort(liar.MessageFor(liar.FormOf(Range(5)), 0)), errors::kSecAggMember));
}

TEST(AttackSubstitutedKeysTest, TermsOfAnotherRosterAreRefused) {
  SecAggScript script({.n = 5});
  script.terms.roster_version = 2;  // rolled back
  EXPECT_TRUE(FailsWith(script.NewClient(0), errors::kSecAggTerms));
  script.terms.roster_version = 3;
  script.terms.roster = Sha256::Of("another roster 3");
  EXPECT_TRUE(FailsWith(script.NewClient(0), errors::kSecAggTerms));
  EXPECT_TRUE(FailsWith(script.NewServer(), errors::kSecAggTerms));
}

TEST(AttackSubstitutedKeysTest, ASiteWhoseKeyIsNotTheRostersDoesNotBegin) {
  SecAggScript script({.n = 5});
  EXPECT_TRUE(
      FailsWith(Client::Begin(script.terms, script.floors, script.membership, 0, script.PrimitivesOf(1)),
                errors::kSecAggMember));
}

TEST(AttackSubstitutedKeysTest, AnotherAggregatorsCohortIsRefused) {
  SecAggScript script({.n = 5});
  script.Advertise();
  CohortMessage cohort = *script.server->CohortFor(0);
  cohort.signature = script.SignAs(4, {});  // a member, who is no aggregator
  EXPECT_TRUE(FailsWith(script.clients[0]->OnCohort(cohort), errors::kSecAggMember));
}

}  // namespace
}  // namespace cairn::secagg

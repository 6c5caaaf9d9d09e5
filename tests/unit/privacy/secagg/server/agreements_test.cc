#include "privacy/secagg/server/agreements.h"

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

class AgreementsTest : public testing::Test {
 protected:
  explicit AgreementsTest(SecAggScript::Options options = {.n = 8}) : script(options) {
    script.Advertise();
    script.Share();
    script.Mask(Without(Range(options.n), {1}));
  }
  AgreementMessage Say(Member m) {
    return *script.clients[m]->OnSurvivors(*script.server->SurvivorsFor(m), {});
  }
  SecAggScript script;  // complete: t = 6 of the seven that survive
};

TEST_F(AgreementsTest, TSignaturesAreAQuorum) {
  for (const Member m : {7u, 0u, 2u, 3u, 4u}) EXPECT_TRUE(script.server->OnAgreed(m, Say(m)).ok());
  EXPECT_FALSE(script.server->can_close());
  EXPECT_EQ(script.server->waiting_for(), (Members{5, 6}));
  EXPECT_FALSE(script.server->UnmaskRequestFor(0).has_value());
  EXPECT_TRUE(script.server->OnAgreed(5, Say(5)).ok());
  ASSERT_TRUE(script.server->CloseAgreement().ok());
  EXPECT_EQ(script.server->UnmaskRequestFor(0)->agreed.size(), 6u);
  EXPECT_FALSE(script.server->UnmaskRequestFor(6).has_value()) << "who did not agree is not asked";
  EXPECT_FALSE(script.server->UnmaskRequestFor(1).has_value());
}

TEST_F(AgreementsTest, WhoAgreesLaterIsAskedWithTheSameSignatures) {
  for (const Member m : {7u, 0u, 2u, 3u, 4u, 5u}) ASSERT_TRUE(script.server->OnAgreed(m, Say(m)).ok());
  ASSERT_TRUE(script.server->CloseAgreement().ok());
  const UnmaskRequest before = *script.server->UnmaskRequestFor(0);
  EXPECT_TRUE(script.server->OnAgreed(6, Say(6)).ok());
  EXPECT_EQ(*script.server->UnmaskRequestFor(0), before);
  EXPECT_EQ(*script.server->UnmaskRequestFor(6), before);
  // It stands in for one that died after agreeing.
  script.Unmask({0, 2, 3, 4, 6, 7});
  EXPECT_EQ(script.OpenSum(), script.ExpectedSum());
}

TEST_F(AgreementsTest, TooFewEndTheAttempt) {
  for (const Member m : {7u, 0u, 2u, 3u, 4u}) ASSERT_TRUE(script.server->OnAgreed(m, Say(m)).ok());
  EXPECT_TRUE(FailsWith(script.server->CloseAgreement(), errors::kSecAggFloor));
  EXPECT_EQ(script.server->phase(), Server::Phase::kFailed);
}

TEST_F(AgreementsTest, OnlySurvivorsAgreeAndOnlyForThemselves) {
  const AgreementMessage said = Say(2);
  EXPECT_TRUE(FailsWith(script.server->OnAgreed(3, said), errors::kSecAggMember));
  EXPECT_TRUE(FailsWith(script.server->OnAgreed(1, said), errors::kSecAggMember));
  EXPECT_TRUE(FailsWith(script.server->OnAgreed(2, {}), errors::kSecAggMember));
  EXPECT_TRUE(script.server->OnAgreed(2, said).ok());
  EXPECT_TRUE(script.server->OnAgreed(2, said).ok()) << "repeated";
  EXPECT_TRUE(FailsWith(script.server->OnAgreed(2, {}), errors::kSecAggMessage));
}

TEST_F(AgreementsTest, TheSurvivorsNamedAreASignedFact) {
  const SurvivorsMessage named = *script.server->SurvivorsFor(2);
  const Sha256Digest cc = SiteState(*script.clients[2]).around().context;
  EXPECT_TRUE(
      script.terms.aggregator.Verifies(SurvivorsBytes(cc, SiteSet::All(8), named.u3), named.signature));
}

class RegularAgreementsTest : public AgreementsTest {
 protected:
  RegularAgreementsTest() : AgreementsTest({.n = 20, .k = 8, .t = 6}) {}
};

TEST_F(RegularAgreementsTest, EachIsShownItsOwnNeighbours) {
  script.Agree();
  for (const Member m : script.server->u3()) {
    const SiteState state(*script.clients[m]);
    const UnmaskRequest request = *script.server->UnmaskRequestFor(m);
    EXPECT_EQ(request.agreed.size(), 6u);
    for (const PlacedSignature& vote : request.agreed) {
      EXPECT_NE(state.around().Find(vote.position), nullptr);
      EXPECT_NE(vote.position, m);
    }
  }
}

TEST_F(RegularAgreementsTest, ASiteWithTooFewNeighboursThatAgreedIsNotAsked) {
  const SiteState state(*script.clients[0]);
  Members silent;  // three of 0's neighbours, so that five agree at most
  for (const Peer& peer : state.around().circle) {
    if (peer.member != 1 && silent.size() < 3) silent.push_back(peer.member);
  }
  for (const Member m : Without(script.server->u3(), silent)) {
    ASSERT_TRUE(script.server->OnAgreed(m, Say(m)).ok());
  }
  if (!script.server->CloseAgreement().ok()) return;
  EXPECT_FALSE(script.server->UnmaskRequestFor(0).has_value());
}

}  // namespace
}  // namespace cairn::secagg

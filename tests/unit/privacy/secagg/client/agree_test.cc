#include "privacy/secagg/client/agree.h"

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

class AgreeTest : public testing::Test {
 protected:
  AgreeTest() {
    script.Advertise();
    script.Share(Range(8));  // 8 never shares
    script.Mask();
    cc = SiteState(*script.clients[0]).around().context;
    u2 = SetOf(9, Range(8));
  }
  void ExpectRefused(const SurvivorsMessage& message, ErrorId error) {
    const SecretBytes saved = script.clients[0]->Save();
    EXPECT_EQ(script.clients[0]->OnSurvivors(message, {}).status().id(), error);
    EXPECT_EQ(script.clients[0]->phase(), Client::Phase::kFailed);
    script.clients[0] = *Client::Restore(saved.Reveal(RevealSecret{}), script.terms, script.floors,
                                         script.membership, 0, script.PrimitivesOf(0, 1));
  }
  SecAggScript script{{.n = 9}};  // u3_min = t = 7
  LyingAggregator liar{script};
  Sha256Digest cc;
  SiteSet u2;
};

TEST_F(AgreeTest, SetsThatDoNotFitAreRefused) {
  ExpectRefused(liar.NameSurvivors(cc, u2, SetOf(9, Range(9))), errors::kSecAggMessage);  // not in U2
  ExpectRefused(liar.NameSurvivors(cc, u2, SetOf(8, Range(8))), errors::kSecAggMessage);  // another universe
  ExpectRefused(liar.NameSurvivors(cc, u2, SetOf(9, {1, 2, 3, 4, 5, 6, 7})), errors::kSecAggMessage);
  ExpectRefused(liar.NameSurvivors(cc, u2, SetOf(9, Range(6))), errors::kSecAggFloor);
  ExpectRefused({SetOf(9, Range(8)), {}}, errors::kSecAggMember);
  // Signed, but for another U2 or another cohort: the signature binds both.
  ExpectRefused(liar.NameSurvivors(cc, SiteSet::All(9), SetOf(9, Range(8))), errors::kSecAggMember);
  ExpectRefused(liar.NameSurvivors(Sha256::Of("another cc"), u2, SetOf(9, Range(8))), errors::kSecAggMember);
}

TEST_F(AgreeTest, TheSameSetGetsTheSameBytesAlsoAfterARestart) {
  const SurvivorsMessage named = *script.server->SurvivorsFor(0);
  const auto agreed = script.clients[0]->OnSurvivors(named, {});
  ASSERT_TRUE(agreed.ok());
  EXPECT_EQ(*script.clients[0]->OnSurvivors(named, {}), *agreed);
  script.Restart(0);
  EXPECT_EQ(*script.clients[0]->OnSurvivors(named, {}), *agreed);
  EXPECT_EQ(script.clients[0]->survivors(), Range(8));
}

TEST_F(AgreeTest, TheSumsItHelpedToOpenAreAskedFirst) {
  SumMemory memory;
  memory.Keep(Range(7));
  EXPECT_TRUE(FailsWith(script.clients[0]->OnSurvivors(*script.server->SurvivorsFor(0), memory),
                        errors::kSecAggSums));
  EXPECT_EQ(script.clients[0]->phase(), Client::Phase::kFailed);
}

TEST_F(AgreeTest, SurvivorsBeforeTheOwnInputAreRefusedAndChangeNothing) {
  SecAggScript early({.n = 9});
  early.Advertise();
  early.Share(Range(8));
  EXPECT_TRUE(
      FailsWith(early.clients[0]->OnSurvivors(*script.server->SurvivorsFor(0), {}), errors::kSecAggMessage));
  EXPECT_EQ(early.clients[0]->phase(), Client::Phase::kShared);
}

TEST(RegularAgreeTest, TooFewSurvivingHoldersAreRefused) {
  SecAggScript script({.n = 14, .k = 6, .t = 5});
  script.Advertise();
  script.Share();
  script.Mask();
  const SiteState state(*script.clients[0]);
  const std::vector<Peer>& circle = state.around().circle;
  const SiteSet u3 = SetOf(14, Without(Range(14), {circle[0].position, circle[1].position}));
  EXPECT_TRUE(
      FailsWith(script.clients[0]->OnSurvivors(
                    LyingAggregator(script).NameSurvivors(state.around().context, SiteSet::All(14), u3), {}),
                errors::kSecAggFloor));
}

}  // namespace
}  // namespace cairn::secagg

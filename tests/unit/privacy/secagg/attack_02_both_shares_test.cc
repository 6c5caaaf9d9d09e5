// Pitfall 2: who gets the shares of b_v and of s_v, t of each, reads v's update. v is listed live and
// dropped.
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

class AttackBothSharesTest : public testing::Test {
 protected:
  AttackBothSharesTest() {
    script.Advertise();
    script.Share();
    script.Mask();
    cc = SiteState(*script.clients[0]).around().context;
  }
  SurvivorsMessage Name(const Members& positions) {
    return liar.NameSurvivors(cc, SiteSet::All(8), SetOf(8, positions));
  }
  UnmaskRequest RequestFor(const Members& positions) {  // signed by colluders and whoever was tricked
    UnmaskRequest request;
    for (const Member m : positions) {
      request.agreed.push_back(
          {m, script.SignAs(m, AgreedBytes(cc, m, SiteSet::All(8), SetOf(8, positions)))});
    }
    return request;
  }
  void Restart() { script.Restart(0); }

  SecAggScript script{{.n = 8}};  // t = 6
  LyingAggregator liar{script};
  Sha256Digest cc;
  Members all = Range(8), without_7 = Without(Range(8), {7});
};

TEST_F(AttackBothSharesTest, ASecondSetEndsTheAttemptAndNoShareLeaves) {
  ASSERT_TRUE(script.clients[0]->OnSurvivors(Name(all), {}).ok());
  EXPECT_TRUE(FailsWith(script.clients[0]->OnSurvivors(Name(without_7), {}), errors::kSecAggContradiction));
  EXPECT_EQ(script.clients[0]->phase(), Client::Phase::kFailed);
  EXPECT_TRUE(FailsWith(script.clients[0]->OnUnmask(RequestFor(all)), errors::kSecAggState));
  EXPECT_TRUE(FailsWith(script.clients[0]->OnUnmask(RequestFor(without_7)), errors::kSecAggState));
}

TEST_F(AttackBothSharesTest, TheDecisionOutlivesARestart) {
  const auto first = script.clients[0]->OnSurvivors(Name(all), {});
  ASSERT_TRUE(first.ok());
  Restart();
  EXPECT_EQ(*script.clients[0]->OnSurvivors(Name(all), {}), *first);
  EXPECT_TRUE(FailsWith(script.clients[0]->OnUnmask(RequestFor(without_7)), errors::kSecAggMember));
  EXPECT_EQ(script.clients[0]->phase(), Client::Phase::kFailed);
  Restart();
  EXPECT_TRUE(FailsWith(script.clients[0]->OnUnmask(RequestFor(all)), errors::kSecAggState));
}

TEST_F(AttackBothSharesTest, OnceAnsweredOnlyTheSameAnswerIsGivenAlsoAfterARestart) {
  ASSERT_TRUE(script.clients[0]->OnSurvivors(Name(all), {}).ok());
  const auto answer = script.clients[0]->OnUnmask(RequestFor(all));
  ASSERT_TRUE(answer.ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(*script.clients[0]->OnUnmask(RequestFor(all)), *answer);
    EXPECT_TRUE(FailsWith(script.clients[0]->OnUnmask(RequestFor(without_7)), errors::kSecAggMessage));
    Restart();
  }
}

TEST_F(AttackBothSharesTest, SecondSetAfterTheAnswerEndsTheAttemptAlsoAfterARestart) {
  ASSERT_TRUE(script.clients[0]->OnSurvivors(Name(all), {}).ok());
  ASSERT_TRUE(script.clients[0]->OnUnmask(RequestFor(all)).ok());
  Restart();
  EXPECT_TRUE(FailsWith(script.clients[0]->OnSurvivors(Name(without_7), {}), errors::kSecAggContradiction));
  EXPECT_TRUE(FailsWith(script.clients[0]->OnUnmask(RequestFor(without_7)), errors::kSecAggState));
  EXPECT_TRUE(FailsWith(script.clients[0]->OnUnmask(RequestFor(all)), errors::kSecAggState));
}

TEST_F(AttackBothSharesTest, AnAnswerHasOneShareAnOwner) {
  ASSERT_TRUE(script.clients[0]->OnSurvivors(Name(without_7), {}).ok());
  const auto answer = script.clients[0]->OnUnmask(RequestFor(without_7));
  ASSERT_TRUE(answer.ok());
  ASSERT_EQ(answer->shares.size(), 8u);
  for (Member m = 0; m < 8; ++m) {
    EXPECT_EQ(answer->shares[m].owner, m);
    EXPECT_EQ(answer->shares[m].kind, m == 7 ? ShareKind::kMaskKey : ShareKind::kSelfMask);
  }
}

}  // namespace
}  // namespace cairn::secagg

// Pitfall 7: each message of one attempt sent in the next attempt, and in the next round. rc or cc is in
// every signature.
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

// A round that was played to its end, with all that site 0 said in it.
struct Recorded {
  explicit Recorded(SecAggScript::Options options) : script(options) {
    script.Advertise();
    shares = *script.clients[0]->OnCohort(*script.server->CohortFor(0));
    script.Share();
    input = *script.MaskInput(0);
    EXPECT_TRUE(script.server->OnMasked(0, input).ok());
    script.Mask(Without(script.server->u2(), {0}));
    agreed = *script.clients[0]->OnSurvivors(*script.server->SurvivorsFor(0), {});
    script.Agree();
    answer = *script.clients[0]->OnUnmask(*script.server->UnmaskRequestFor(0));
    script.Unmask();
  }
  SecAggScript script;
  SharesMessage shares;
  MaskedInput input;
  AgreementMessage agreed;
  UnmaskMessage answer;
};

class AttackReplayTest : public testing::TestWithParam<SecAggScript::Options> {
 protected:
  Recorded old{SecAggScript::Options{.n = 5, .seed = 3}};
  SecAggScript now{GetParam()};
};

TEST_P(AttackReplayTest, TheAggregatorTakesNothingOfAnotherAttempt) {
  EXPECT_TRUE(
      FailsWith((*now.NewServer())->OnAdvert(0, old.script.clients[0]->advert()), errors::kSecAggMember));
  now.Advertise();
  EXPECT_TRUE(FailsWith(now.server->OnShares(0, old.shares), errors::kSecAggMember));
  now.Share();
  EXPECT_TRUE(FailsWith(now.server->OnMasked(0, old.input), errors::kSecAggMember));
  now.Mask();
  EXPECT_TRUE(FailsWith(now.server->OnAgreed(0, old.agreed), errors::kSecAggMember));
  now.Agree();
  EXPECT_TRUE(FailsWith(now.server->OnUnmask(0, old.answer), errors::kSecAggMember));
  now.Unmask();
  EXPECT_EQ(now.OpenSum(), now.ExpectedSum()) << "what was refused changed nothing";
}

TEST_P(AttackReplayTest, ASiteAnswersNothingOfAnotherAttempt) {
  const Server& said = *old.script.server;
  now.Advertise();
  now.Share(Without(now.server->u1(), {0}));  // site 0 is offered the old messages, one site a step
  EXPECT_TRUE(FailsWith(now.clients[0]->OnCohort(*said.CohortFor(0)), errors::kSecAggMessage));
  EXPECT_TRUE(FailsWith(now.clients[1]->OnDelivery(*said.DeliveryFor(1)), errors::kSecAggMember));
  EXPECT_EQ(now.clients[1]->phase(), Client::Phase::kFailed);

  SecAggScript later(GetParam());
  later.Advertise();
  later.Share();
  later.Mask();
  EXPECT_TRUE(FailsWith(later.clients[2]->OnSurvivors(*said.SurvivorsFor(2), {}), errors::kSecAggMember));
  ASSERT_TRUE(later.clients[3]->OnSurvivors(*later.server->SurvivorsFor(3), {}).ok());
  EXPECT_TRUE(FailsWith(later.clients[3]->OnUnmask(*said.UnmaskRequestFor(3)), errors::kSecAggMember));
  EXPECT_EQ(later.clients[3]->phase(), Client::Phase::kFailed);
}

TEST_P(AttackReplayTest, WhatWasSavedInAnotherAttemptIsNotRestored) {
  const SecretBytes saved = old.script.clients[0]->Save();
  EXPECT_TRUE(FailsWith(Client::Restore(saved.Reveal(RevealSecret{}), now.terms, now.floors, now.membership,
                                        0, now.PrimitivesOf(0)),
                        errors::kSecAggState));
}

INSTANTIATE_TEST_SUITE_P(NextAttemptAndNextRound, AttackReplayTest,
                         testing::Values(SecAggScript::Options{.n = 5, .attempt = 2},
                                         SecAggScript::Options{.n = 5, .round = 2}),
                         [](const auto& one) { return one.param.round == 2 ? "Round" : "Attempt"; });

}  // namespace
}  // namespace cairn::secagg

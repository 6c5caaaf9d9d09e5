#include "privacy/secagg/client/receive.h"

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

class ReceiveTest : public testing::Test {
 protected:
  explicit ReceiveTest(SecAggScript::Options options = {.n = 6}) : script(options) {
    script.Advertise();
    script.Share();
    cc = SiteState(*script.clients[0]).around().context;
  }
  SecAggScript script;
  LyingAggregator liar{script};
  Sha256Digest cc;
};

TEST_F(ReceiveTest, TheSameDeliveryIsTakenAgainAlsoAfterARestart) {
  const DeliveryMessage delivery = *script.server->DeliveryFor(0);
  for (int i = 0; i < 2; ++i) {
    const auto answer = script.clients[0]->OnDelivery(delivery);
    ASSERT_TRUE(answer.ok());
    EXPECT_FALSE(answer->has_value());
    EXPECT_EQ(script.clients[0]->phase(), Client::Phase::kDelivered);
    script.Restart(0);
  }
}

TEST_F(ReceiveTest, ARestoredSiteOpensWhatItWasSentBefore) {
  script.Restart(0);
  const auto answer = script.clients[0]->OnDelivery(*script.server->DeliveryFor(0));
  ASSERT_TRUE(answer.ok());
  EXPECT_FALSE(answer->has_value());
}

TEST_F(ReceiveTest, SetsThatDoNotFitAreRefused) {
  const DeliveryMessage honest = *script.server->DeliveryFor(0);
  const auto refused = [&](const DeliveryMessage& message, ErrorId error) {
    SecAggScript fresh({.n = 6});
    fresh.Advertise();
    fresh.Share();
    EXPECT_EQ(fresh.clients[0]->OnDelivery(message).status().id(), error);
    EXPECT_EQ(fresh.clients[0]->phase(), Client::Phase::kFailed);
  };
  refused(liar.Deliver(cc, SiteSet::All(7), honest.shares), errors::kSecAggMessage);
  refused(liar.Deliver(cc, SetOf(6, {1, 2, 3, 4, 5}), honest.shares), errors::kSecAggMessage);
  refused(liar.Deliver(cc, SetOf(6, {0, 1, 2, 3}), honest.shares), errors::kSecAggFloor);
  refused({honest.u2, honest.shares, {}}, errors::kSecAggMember);
  refused({honest.u2, {honest.shares.begin(), honest.shares.end() - 1}, honest.signature},
          errors::kSecAggMessage);
  std::vector<SealedShare> twice = honest.shares;
  twice[4] = twice[5];
  refused({honest.u2, twice, honest.signature}, errors::kSecAggMessage);
  std::vector<SealedShare> extra = honest.shares;
  extra.push_back(extra.back());
  refused({honest.u2, extra, honest.signature}, errors::kSecAggMessage);
}

TEST_F(ReceiveTest, TwoSignedSetsProveThatTheAggregatorShowsTwo) {
  const DeliveryMessage honest = *script.server->DeliveryFor(0);
  ASSERT_TRUE(script.clients[0]->OnDelivery(honest).ok());
  const DeliveryMessage other =
      liar.Deliver(cc, SetOf(6, Range(5)), {honest.shares.begin(), honest.shares.end() - 1});
  EXPECT_TRUE(FailsWith(script.clients[0]->OnDelivery(other), errors::kSecAggContradiction));
  EXPECT_EQ(script.clients[0]->phase(), Client::Phase::kFailed);
}

TEST_F(ReceiveTest, AnotherDeliveryOfTheSameSetChangesNothing) {
  ASSERT_TRUE(script.clients[0]->OnDelivery(*script.server->DeliveryFor(0)).ok());
  EXPECT_TRUE(
      FailsWith(script.clients[0]->OnDelivery(*script.server->DeliveryFor(1)), errors::kSecAggMessage));
  EXPECT_EQ(script.clients[0]->phase(), Client::Phase::kDelivered);
}

TEST_F(ReceiveTest, ADeliveryBeforeTheCohortIsRefusedAndChangesNothing) {
  SecAggScript early({.n = 6});
  early.Advertise();
  EXPECT_TRUE(
      FailsWith(early.clients[0]->OnDelivery(*script.server->DeliveryFor(0)), errors::kSecAggMessage));
  EXPECT_EQ(early.clients[0]->phase(), Client::Phase::kAdvertised);
}

class RegularReceiveTest : public ReceiveTest {
 protected:
  RegularReceiveTest() : ReceiveTest({.n = 14, .k = 6, .t = 5}) {}
};

TEST_F(RegularReceiveTest, TooFewNeighboursThatSharedAreRefused) {
  // 12 of 14 shared, but two of 0's six neighbours did not.
  const SiteState state(*script.clients[0]);
  const std::vector<Peer>& circle = state.around().circle;
  const SiteSet u2 = SetOf(14, Without(Range(14), {circle[0].position, circle[1].position}));
  const DeliveryMessage honest = *script.server->DeliveryFor(0);
  EXPECT_TRUE(FailsWith(
      script.clients[0]->OnDelivery(liar.Deliver(cc, u2, {honest.shares.begin() + 2, honest.shares.end()})),
      errors::kSecAggFloor));
}

}  // namespace
}  // namespace cairn::secagg

#include "privacy/secagg/server/shares.h"

#include <functional>

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

class SharesTest : public testing::Test {
 protected:
  SharesTest() {
    script.Advertise();
    for (const Member m : Range(6))
      dealt.push_back(*script.clients[m]->OnCohort(*script.server->CohortFor(m)));
  }
  SecAggScript script{{.n = 6}};  // u3_min = 5
  std::vector<SharesMessage> dealt;
};

TEST_F(SharesTest, WhoSharesInTimeIsU2AndGetsWhatTheOthersDealt) {
  for (const Member m : {5u, 3u, 1u, 0u, 2u}) EXPECT_TRUE(script.server->OnShares(m, dealt[m]).ok());
  EXPECT_EQ(script.server->waiting_for(), (Members{4}));
  ASSERT_TRUE(script.server->CloseShares().ok());
  EXPECT_EQ(script.server->u2(), (Members{0, 1, 2, 3, 5}));
  EXPECT_FALSE(script.server->DeliveryFor(4).has_value());
  const DeliveryMessage delivery = *script.server->DeliveryFor(3);
  ASSERT_EQ(delivery.shares.size(), 5u);
  EXPECT_EQ(delivery.shares[4].peer, 5u);
  EXPECT_EQ(delivery.shares[4].sealed, dealt[5].shares[3].sealed);
  EXPECT_TRUE(FailsWith(script.server->OnShares(4, dealt[4]), errors::kSecAggMessage)) << "late";
  EXPECT_TRUE(script.server->OnShares(3, dealt[3]).ok()) << "repeated";
}

TEST_F(SharesTest, TooFewEndTheAttempt) {
  for (const Member m : Range(4)) EXPECT_TRUE(script.server->OnShares(m, dealt[m]).ok());
  EXPECT_FALSE(script.server->can_close());
  EXPECT_TRUE(FailsWith(script.server->CloseShares(), errors::kSecAggFloor));
  EXPECT_EQ(script.server->phase(), Server::Phase::kFailed);
}

TEST_F(SharesTest, OneChangeOfAnyPartIsEnough) {
  const auto refused = [&](const std::function<void(SharesMessage&)>& change, ErrorId error) {
    SharesMessage message = dealt[2];
    change(message);
    EXPECT_EQ(script.server->OnShares(2, message).id(), error);
  };
  refused([](SharesMessage& m) { m.shares.pop_back(); }, errors::kSecAggMessage);
  refused([](SharesMessage& m) { m.shares.push_back(m.shares.back()); }, errors::kSecAggMessage);
  refused([](SharesMessage& m) { std::swap(m.shares[0], m.shares[1]); }, errors::kSecAggMessage);
  refused([](SharesMessage& m) { m.shares[3].peer = 4; }, errors::kSecAggMessage);
  refused([](SharesMessage& m) { m.shares[3].sealed[9] ^= std::byte{1}; }, errors::kSecAggMember);
  refused([](SharesMessage& m) { m.shares[3].mask_key_hash.bytes[9] ^= std::byte{1}; },
          errors::kSecAggMember);
  refused([](SharesMessage& m) { m.shares[3].self_mask_hash.bytes[9] ^= std::byte{1}; },
          errors::kSecAggMember);
  refused([](SharesMessage& m) { m.signature.bytes[9] ^= std::byte{1}; }, errors::kSecAggMember);
  EXPECT_TRUE(FailsWith(script.server->OnShares(1, dealt[2]), errors::kSecAggMember)) << "another's";
  EXPECT_TRUE(FailsWith(script.server->OnShares(77, dealt[2]), errors::kSecAggMember)) << "nobody's";
  EXPECT_TRUE(script.server->OnShares(2, dealt[2]).ok());
}

TEST_F(SharesTest, ASecondDealIsRefused) {
  ASSERT_TRUE(script.server->OnShares(2, dealt[2]).ok());
  const SiteState state(*script.clients[2]);
  const SharesMessage other =
      DealOthers(script, 2, state.secrets().mask_key.secret(), state.secrets().self_mask);
  EXPECT_TRUE(FailsWith(script.server->OnShares(2, other), errors::kSecAggMessage));
}

TEST_F(SharesTest, SharesAreNotDueBeforeTheCohortIs) {
  auto early = *script.NewServer();
  EXPECT_TRUE(FailsWith(early->OnShares(2, dealt[2]), errors::kSecAggMessage));
}

}  // namespace
}  // namespace cairn::secagg

#include "privacy/secagg/server/adverts.h"

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

class AdvertsTest : public testing::Test {
 protected:
  AdvertsTest() {
    script.Advertise();
    server = *script.NewServer();
  }
  Status Offer(Member m) { return server->OnAdvert(m, script.clients[m]->advert()); }
  SecAggScript script{{.n = 5}};
  std::unique_ptr<Server> server;
};

TEST_F(AdvertsTest, TheCohortIsWhoCameInTimeInRosterOrder) {
  for (const Member m : {4u, 0u, 2u}) EXPECT_TRUE(Offer(m).ok());
  EXPECT_EQ(server->waiting_for(), (Members{1, 3}));
  EXPECT_TRUE(server->can_close());
  ASSERT_TRUE(server->CloseAdverts().ok());
  EXPECT_EQ(server->u1(), (Members{0, 2, 4}));
  EXPECT_FALSE(server->CohortFor(1).has_value());
  EXPECT_EQ(server->CohortFor(2)->adverts[1].member, 2u);
  EXPECT_TRUE(FailsWith(Offer(1), errors::kSecAggMessage)) << "late";
  EXPECT_TRUE(Offer(2).ok()) << "repeated";
}

TEST_F(AdvertsTest, TooFewEndTheAttempt) {
  EXPECT_TRUE(Offer(0).ok());
  EXPECT_TRUE(Offer(1).ok());
  EXPECT_FALSE(server->can_close());
  EXPECT_TRUE(FailsWith(server->CloseAdverts(), errors::kSecAggFloor));
  EXPECT_EQ(server->phase(), Server::Phase::kFailed);
  EXPECT_TRUE(FailsWith(Offer(2), errors::kSecAggMessage));
}

TEST_F(AdvertsTest, AFullCohortTakesNoMore) {
  script.terms.n_max = 3;
  SecAggScript small({.n = 5});
  small.terms.n_max = 3;
  auto full = *small.NewServer();
  for (const Member m : Range(5)) {
    auto client = *small.NewClient(m);
    const Status taken = full->OnAdvert(m, client->advert());
    EXPECT_EQ(taken.ok(), m < 3) << taken.ToString();
    if (m >= 3) {
      EXPECT_EQ(taken.id(), errors::kSecAggMessage);
    }
  }
}

TEST_F(AdvertsTest, OneChangeOfAnyPartIsEnough) {
  for (const int what : {0, 1, 2, 3}) {
    Advert advert = script.clients[1]->advert();
    std::byte* parts[] = {&advert.share_key.bytes[3], &advert.mask_key.bytes[3], &advert.commitment.bytes[3],
                          &advert.signature.bytes[3]};
    *parts[what] ^= std::byte{1};
    EXPECT_TRUE(FailsWith(server->OnAdvert(1, advert), errors::kSecAggMember));
  }
  EXPECT_TRUE(Offer(1).ok()) << "a refusal changes nothing";
}

}  // namespace
}  // namespace cairn::secagg

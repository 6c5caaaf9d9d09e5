#include "privacy/secagg/client/advertise.h"

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

TEST(AdvertiseTest, AnAdvertIsSignedForThisRoundAndCommitsToTheSelfMask) {
  SecAggScript script({.n = 5});
  script.Advertise();
  const Sha256Digest rc = RoundContext(script.terms);
  for (const Member m : Range(5)) {
    const Advert& advert = script.clients[m]->advert();
    EXPECT_TRUE(script.membership->members[m].key.Verifies(AdvertBytes(rc, m, advert), advert.signature));
    const SiteState state(*script.clients[m]);
    EXPECT_EQ(advert.mask_key, state.secrets().mask_key.public_key());
    EXPECT_EQ(advert.share_key, state.secrets().share_key.public_key());
    EXPECT_EQ(advert.commitment,
              SelfCommitment(rc, m, state.secrets().self_mask.Reveal(RevealSecret{}).first<32>()));
  }
}

TEST(AdvertiseTest, EverySiteAndAttemptDrawsItsOwn) {
  std::set<AgreementPublic> keys;
  for (const std::uint32_t attempt : {1u, 2u}) {
    SecAggScript script({.n = 5, .attempt = attempt});
    script.Advertise();
    for (const auto& client : script.clients) {
      keys.insert(client->advert().mask_key);
      keys.insert(client->advert().share_key);
    }
  }
  EXPECT_EQ(keys.size(), 20u);
}

TEST(AdvertiseTest, ARestoredSiteAdvertisesTheSameBytes) {
  SecAggScript script({.n = 5});
  script.Advertise();
  const Advert before = script.clients[1]->advert();
  script.Restart(1);
  EXPECT_EQ(script.clients[1]->advert(), before);
  script.Share();  // with the secrets it had
}

TEST(AdvertiseTest, AStrangerToTheRosterDoesNotBegin) {
  SecAggScript script({.n = 5});
  EXPECT_TRUE(
      FailsWith(Client::Begin(script.terms, script.floors, script.membership, 5, script.PrimitivesOf(4)),
                errors::kSecAggMember));
}

}  // namespace
}  // namespace cairn::secagg

// Pitfalls 6 and 24: a key that serves two attempts (arXiv 2410.09676). s_v revealed for a drop in one opens
// the other.
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

class AttackReusedKeysTest : public testing::Test {
 protected:
  AttackReusedKeysTest() {
    before.Advertise();
    for (const Member m : Range(5)) seen.Add(before.clients[m]->advert());
  }
  // Site 4's keys of attempt 1, advertised in attempt 2 under its own signature.
  Advert Again(bool share_key, bool mask_key) {
    Advert advert = now.clients[4]->advert();
    const Advert& old = before.clients[4]->advert();
    if (share_key) advert.share_key = old.share_key;
    if (mask_key) advert.mask_key = old.mask_key;
    advert.signature = now.SignAs(4, AdvertBytes(RoundContext(now.terms), 4, advert));
    return advert;
  }
  SecAggScript before{{.n = 5}}, now{{.n = 5, .attempt = 2}};
  SeenKeys seen;
};

TEST_F(AttackReusedKeysTest, BothSidesRefuseAKeyOfAnEarlierAttempt) {
  now.Advertise();
  for (const auto& [share_key, mask_key] : {std::pair(true, false), {false, true}, {true, true}}) {
    auto server = *now.NewServer(&seen);
    EXPECT_TRUE(FailsWith(server->OnAdvert(4, Again(share_key, mask_key)), errors::kSecAggKey));
    EXPECT_TRUE(server->OnAdvert(3, now.clients[3]->advert()).ok());

    auto site = *now.NewClient(0, &seen);
    const LyingAggregator liar(now);
    std::vector<std::pair<Member, Advert>> shown = {{0, site->advert()}};
    for (const Member m : {1u, 2u, 3u}) shown.emplace_back(m, now.clients[m]->advert());
    shown.emplace_back(4, Again(share_key, mask_key));
    EXPECT_TRUE(FailsWith(site->OnCohort(liar.MessageFor(liar.Form(shown), 0)), errors::kSecAggKey));
  }
}

TEST_F(AttackReusedKeysTest, ASiteWhoseRandomnessRepeatsDoesNotBegin) {
  EXPECT_TRUE(FailsWith(before.NewClient(2, &seen), errors::kSecAggKey));
  EXPECT_TRUE(now.NewClient(2, &seen).ok());
}

TEST_F(AttackReusedKeysTest, TwoSitesWithOneKeyAreRefused) {
  now.Advertise();
  auto server = *now.NewServer();
  ASSERT_TRUE(server->OnAdvert(3, now.clients[3]->advert()).ok());
  Advert twin = now.clients[4]->advert();
  twin.mask_key = now.clients[3]->advert().mask_key;
  twin.signature = now.SignAs(4, AdvertBytes(RoundContext(now.terms), 4, twin));
  EXPECT_TRUE(FailsWith(server->OnAdvert(4, twin), errors::kSecAggKey));
  const LyingAggregator liar(now);
  std::vector<std::pair<Member, Advert>> shown;
  for (const Member m : Range(4)) shown.emplace_back(m, now.clients[m]->advert());
  shown.emplace_back(4, twin);
  EXPECT_TRUE(FailsWith(now.clients[0]->OnCohort(liar.MessageFor(liar.Form(shown), 0)), errors::kSecAggKey));
}

TEST_F(AttackReusedKeysTest, MaskKeysOfTwoAttemptsDifferEvenForEqualKeys) {
  const SiteState one(*before.clients[0]);
  const SecretBytes agreed = *before.PrimitivesOf(0)->Derive(one.secrets().mask_key.material(),
                                                             before.clients[1]->advert().mask_key);
  const PairEnd a{0, before.clients[0]->advert().mask_key}, b{1, before.clients[1]->advert().mask_key};
  const SecretBytes first = PairMaskKey(agreed, Sha256::Of("cc of attempt 1"), a, b);
  EXPECT_FALSE(first == PairMaskKey(agreed, Sha256::Of("cc of attempt 2"), a, b));
}

}  // namespace
}  // namespace cairn::secagg

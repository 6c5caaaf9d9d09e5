#include "privacy/secagg/client/share.h"

#include <functional>

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

TEST(ShareTest, EveryHolderGetsAShareAndTheSameCohortGetsTheSameBytes) {
  for (const auto& options :
       {SecAggScript::Options{.n = 6}, SecAggScript::Options{.n = 14, .k = 6, .t = 5}}) {
    SecAggScript script(options);
    script.Advertise();
    const CohortMessage cohort = *script.server->CohortFor(2);
    const auto first = script.clients[2]->OnCohort(cohort);
    ASSERT_TRUE(first.ok()) << first.status().ToString();
    EXPECT_EQ(first->shares.size(), 6u);
    EXPECT_EQ(*script.clients[2]->OnCohort(cohort), *first);
    script.Restart(2);
    EXPECT_EQ(*script.clients[2]->OnCohort(cohort), *first);
    EXPECT_EQ(script.clients[2]->phase(), Client::Phase::kShared);
  }
}

TEST(ShareTest, AnyTSharesGiveTheSecretsBack) {
  SecAggScript script({.n = 6});  // t = 5
  script.Advertise();
  const SharesMessage dealt = *script.clients[2]->OnCohort(*script.server->CohortFor(2));
  const SiteState state(*script.clients[2]);
  std::vector<OpenedShare> opened;
  for (const Member holder : Range(6)) {
    const SiteState theirs(*script.clients[holder]);
    const SecretBytes agreed = *script.PrimitivesOf(holder)->Derive(theirs.secrets().share_key.material(),
                                                                    script.clients[2]->advert().share_key);
    const AeadKey key = SealingKey(agreed, state.around().context, {2, script.clients[2]->advert().share_key},
                                   {holder, script.clients[holder]->advert().share_key});
    auto share = OpenShares(key, state.around().context, 2, holder, dealt.shares[holder].sealed);
    ASSERT_TRUE(share.has_value());
    EXPECT_EQ(share->names, (ShareNames{2, holder, static_cast<std::uint8_t>(holder + 1)}));
    opened.push_back(std::move(*share));
  }
  for (Member left_out = 0; left_out < 6; ++left_out) {
    std::vector<std::uint8_t> xs;
    std::vector<std::span<const std::byte, 32>> s, b;
    for (const Member m : Without(Range(6), {left_out})) {
      xs.push_back(opened[m].names.index);
      s.push_back(opened[m].of(ShareKind::kMaskKey));
      b.push_back(opened[m].of(ShareKind::kSelfMask));
    }
    const Interpolation at = *Interpolation::At(xs);
    EXPECT_TRUE(at.Combine(s) == state.secrets().mask_key.secret());
    EXPECT_TRUE(at.Combine(b) == state.secrets().self_mask);
  }
}

// One change of a correct message each; all are refused and end the attempt.
class ShareRefusalTest : public testing::TestWithParam<SecAggScript::Options> {
 protected:
  void ExpectRefused(const std::function<void(CohortMessage&)>& change, const char* what) {
    SecAggScript script(GetParam());
    script.Advertise();
    CohortMessage message = *script.server->CohortFor(1);
    change(message);
    EXPECT_FALSE(script.clients[1]->OnCohort(message).ok()) << what;
    EXPECT_EQ(script.clients[1]->phase(), Client::Phase::kFailed) << what;
    EXPECT_TRUE(FailsWith(script.clients[1]->OnCohort(*script.server->CohortFor(1)), errors::kSecAggState));
  }
};

TEST_P(ShareRefusalTest, OneChangeOfAnyPartIsEnough) {
  ExpectRefused([](CohortMessage& m) { ++m.n; }, "n");
  ExpectRefused([](CohortMessage& m) { m.n = 0; }, "no n");
  ExpectRefused([](CohortMessage& m) { m.adverts.pop_back(); }, "one advert less");
  ExpectRefused([](CohortMessage& m) { m.adverts.push_back(m.adverts.back()); }, "one twice");
  ExpectRefused([](CohortMessage& m) { std::swap(m.adverts[0], m.adverts[1]); }, "order");
  ExpectRefused([](CohortMessage& m) { std::swap(m.adverts[0].member, m.adverts[1].member); }, "members");
  ExpectRefused([](CohortMessage& m) { std::swap(m.adverts[0].advert, m.adverts[1].advert); }, "adverts");
  ExpectRefused([](CohortMessage& m) { m.adverts[2].position = 9999; }, "position");
  ExpectRefused([](CohortMessage& m) { m.adverts[2].member = 9999; }, "member beyond the roster");
  ExpectRefused([](CohortMessage& m) { m.adverts[2].advert.mask_key.bytes[5] ^= std::byte{1}; }, "a key");
  ExpectRefused([](CohortMessage& m) { m.adverts[2].advert.signature.bytes[5] ^= std::byte{1}; },
                "a signature");
  ExpectRefused([](CohortMessage& m) { m.adverts[2].advert.commitment.bytes[5] ^= std::byte{1}; },
                "commitment");
  ExpectRefused([](CohortMessage& m) { m.signature.bytes[0] ^= std::byte{1}; }, "the aggregator's signature");
  ExpectRefused([](CohortMessage& m) { m.proof.push_back({}); }, "proof");
  ExpectRefused([](CohortMessage& m) { m.members = SiteSet::All(m.members.universe() + 1); }, "members");
  ExpectRefused([](CohortMessage& m) { m.adverts.clear(); }, "nothing");
}

INSTANTIATE_TEST_SUITE_P(Graphs, ShareRefusalTest,
                         testing::Values(SecAggScript::Options{.n = 6},
                                         SecAggScript::Options{.n = 14, .k = 6, .t = 5}),
                         [](const auto& one) { return one.param.k == 0 ? "Complete" : "Regular"; });

TEST(ShareTest, LowOrderKeysAreRefusedWhoeverSignedThem) {
  for (const char* hex : {"0000000000000000000000000000000000000000000000000000000000000000",
                          "0100000000000000000000000000000000000000000000000000000000000080",
                          "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                          "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
    SecAggScript script({.n = 5});
    script.Advertise();
    Advert bad = script.clients[4]->advert();
    std::ranges::copy(*FromHex(hex), bad.mask_key.bytes.begin());
    EXPECT_TRUE(IsLowOrder(bad.mask_key)) << hex;
    EXPECT_FALSE(Agreement::Generate().Derive(bad.mask_key).ok()) << hex;
    bad.signature = script.SignAs(4, AdvertBytes(RoundContext(script.terms), 4, bad));
    EXPECT_TRUE(FailsWith((*script.NewServer())->OnAdvert(4, bad), errors::kSecAggKey));
    const LyingAggregator liar(script);
    std::vector<std::pair<Member, Advert>> shown;
    for (const Member m : Range(4)) shown.emplace_back(m, script.clients[m]->advert());
    shown.emplace_back(4, bad);
    EXPECT_TRUE(
        FailsWith(script.clients[0]->OnCohort(liar.MessageFor(liar.Form(shown), 0)), errors::kSecAggKey));
  }
  EXPECT_FALSE(IsLowOrder(Agreement::Generate().public_key()));
}

TEST(ShareTest, OneKeyForTwoPurposesIsRefused) {
  SecAggScript script({.n = 5});
  script.Advertise();
  Advert bad = script.clients[4]->advert();
  bad.mask_key = bad.share_key;
  bad.signature = script.SignAs(4, AdvertBytes(RoundContext(script.terms), 4, bad));
  EXPECT_TRUE(FailsWith((*script.NewServer())->OnAdvert(4, bad), errors::kSecAggKey));
}

TEST(ShareTest, ACohortThatLeavesTheSiteOutIsRefused) {
  SecAggScript script({.n = 6});
  script.Advertise();
  const LyingAggregator liar(script);
  EXPECT_TRUE(FailsWith(script.clients[5]->OnCohort(liar.MessageFor(liar.FormOf(Range(5)), 0)),
                        errors::kSecAggMessage));
}

TEST(ShareTest, TwoSignedCohortsProveThatTheAggregatorShowsTwo) {
  SecAggScript script({.n = 6});
  script.Advertise();
  const LyingAggregator liar(script);
  ASSERT_TRUE(script.clients[0]->OnCohort(liar.MessageFor(liar.FormOf(Range(6)), 0)).ok());
  EXPECT_TRUE(FailsWith(script.clients[0]->OnCohort(liar.MessageFor(liar.FormOf(Range(5)), 0)),
                        errors::kSecAggContradiction));
  EXPECT_EQ(script.clients[0]->phase(), Client::Phase::kFailed);
}

TEST(ShareTest, AnUnsignedSecondCohortIsRefusedAndChangesNothing) {
  SecAggScript script({.n = 6});
  script.Advertise();
  const CohortMessage cohort = *script.server->CohortFor(0);
  const auto first = script.clients[0]->OnCohort(cohort);
  CohortMessage other = LyingAggregator(script).MessageFor(LyingAggregator(script).FormOf(Range(5)), 0);
  other.signature = cohort.signature;
  EXPECT_TRUE(FailsWith(script.clients[0]->OnCohort(other), errors::kSecAggMessage));
  EXPECT_EQ(script.clients[0]->phase(), Client::Phase::kShared);
  EXPECT_EQ(*script.clients[0]->OnCohort(cohort), *first);
}

}  // namespace
}  // namespace cairn::secagg

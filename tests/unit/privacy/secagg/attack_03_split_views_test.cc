// Pitfall 3: two halves are told two sets of survivors, with c colluders signing both. 2t > m + c lets one
// open at most.
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

struct Split {
  Member n;
  Members half_a, half_b, colluders;
};

// How many of the two sums the aggregator can open: honest sites that answer, and colluders, must be t.
int OpenedSums(const Split& split) {
  SecAggScript script({.n = split.n});
  script.Advertise();
  script.Share();
  script.Mask();
  const Sha256Digest cc = SiteState(*script.clients[0]).around().context;
  const LyingAggregator liar(script);
  const SiteSet u2 = SiteSet::All(split.n);
  const std::size_t t = CompleteThreshold(split.n);
  // Live to one half, dropped to the other: a colluder, so that both sets are large enough.
  const SiteSet sets[2] = {u2, SetOf(split.n, Without(Range(split.n), {split.colluders.back()}))};
  const Members* halves[2] = {&split.half_a, &split.half_b};
  int opened = 0;
  for (int side = 0; side < 2; ++side) {
    UnmaskRequest request;
    Members signers = *halves[side];
    signers.insert(signers.end(), split.colluders.begin(), split.colluders.end());
    std::sort(signers.begin(), signers.end());
    for (const Member m : *halves[side]) {
      EXPECT_TRUE(script.clients[m]->OnSurvivors(liar.NameSurvivors(cc, u2, sets[side]), {}).ok());
    }
    for (const Member m : signers) {
      if (sets[side].Has(m))
        request.agreed.push_back({m, script.SignAs(m, AgreedBytes(cc, m, u2, sets[side]))});
    }
    std::size_t answers = split.colluders.size();
    for (const Member m : *halves[side]) answers += script.clients[m]->OnUnmask(request).ok();
    opened += answers >= t && answers > split.colluders.size();
  }
  return opened;
}

TEST(AttackSplitViewsTest, AtMostOneOfTwoSetsOpensUpToTheColludersTolerated) {
  // n = 8: t = 6, 2t − n − 1 = 3 colluders.
  EXPECT_LE(OpenedSums({8, {0, 1, 2}, {3, 4}, {5, 6, 7}}), 1);
  EXPECT_LE(OpenedSums({8, {0, 1, 2, 3}, {4, 5}, {6, 7}}), 1);
  // n = 16: t = 11, 5 colluders.
  EXPECT_LE(OpenedSums({16, {0, 1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}, {11, 12, 13, 14, 15}}), 1);
}

TEST(AttackSplitViewsTest, AQuorumIsOverTheVerySetThisSiteAgreedTo) {
  SecAggScript script({.n = 8});
  script.Advertise();
  script.Share();
  script.Mask();
  const Sha256Digest cc = SiteState(*script.clients[0]).around().context;
  const SiteSet u2 = SiteSet::All(8), other = SetOf(8, Without(Range(8), {7}));
  ASSERT_TRUE(script.clients[0]->OnSurvivors(LyingAggregator(script).NameSurvivors(cc, u2, u2), {}).ok());
  UnmaskRequest request;
  for (const Member m : Range(7)) {
    request.agreed.push_back({m, script.SignAs(m, AgreedBytes(cc, m, u2, m == 6 ? other : u2))});
  }
  EXPECT_TRUE(FailsWith(script.clients[0]->OnUnmask(request), errors::kSecAggMember));
}

TEST(AttackSplitViewsTest, OneSignatureCountsOnce) {
  SecAggScript script({.n = 8});
  script.Advertise();
  script.Share();
  script.Mask();
  const Sha256Digest cc = SiteState(*script.clients[0]).around().context;
  const SiteSet u2 = SiteSet::All(8);
  ASSERT_TRUE(script.clients[0]->OnSurvivors(LyingAggregator(script).NameSurvivors(cc, u2, u2), {}).ok());
  UnmaskRequest request;
  for (const Member m : {0u, 1u, 2u, 3u, 4u, 4u}) {
    request.agreed.push_back({m, script.SignAs(m, AgreedBytes(cc, m, u2, u2))});
  }
  EXPECT_TRUE(FailsWith(script.clients[0]->OnUnmask(request), errors::kSecAggMessage));
}

}  // namespace
}  // namespace cairn::secagg

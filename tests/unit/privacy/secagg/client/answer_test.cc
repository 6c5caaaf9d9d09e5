#include "privacy/secagg/client/answer.h"

#include <functional>

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

class AnswerTest : public testing::TestWithParam<SecAggScript::Options> {
 protected:
  AnswerTest() {
    script.Advertise();
    script.Share();
    script.Mask(Without(script.server->u2(), {1}));
    script.Agree();
  }
  SecAggScript script{GetParam()};
};

TEST_P(AnswerTest, OneShareOfEachOwnerOfTheKindThatIsNeeded) {
  const Member site = 3;
  const std::vector<Peer> circle = SiteState(*script.clients[site]).around().circle;
  const auto answer = script.clients[site]->OnUnmask(*script.server->UnmaskRequestFor(site));
  ASSERT_TRUE(answer.ok()) << answer.status().ToString();
  ASSERT_EQ(answer->shares.size(), circle.size());
  for (std::size_t i = 0; i < circle.size(); ++i) {
    EXPECT_EQ(answer->shares[i].owner, circle[i].position);
    EXPECT_EQ(answer->shares[i].kind, circle[i].member == 1 ? ShareKind::kMaskKey : ShareKind::kSelfMask);
  }
}

TEST_P(AnswerTest, TheSameRequestGetsTheSameBytesAlsoAfterARestart) {
  const UnmaskRequest request = *script.server->UnmaskRequestFor(3);
  const auto answer = script.clients[3]->OnUnmask(request);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(*script.clients[3]->OnUnmask(request), *answer);
  script.Restart(3);
  EXPECT_EQ(*script.clients[3]->OnUnmask(request), *answer);
  EXPECT_EQ(script.clients[3]->phase(), Client::Phase::kAnswered);
  UnmaskRequest another = request;
  another.agreed.pop_back();
  EXPECT_TRUE(FailsWith(script.clients[3]->OnUnmask(another), errors::kSecAggMessage));
}

TEST_P(AnswerTest, OneChangeOfAnyPartOfAQuorumIsEnough) {
  const auto refused = [&](const std::function<void(UnmaskRequest&)>& change, ErrorId error) {
    UnmaskRequest request = *script.server->UnmaskRequestFor(3);
    change(request);
    const SecretBytes saved = script.clients[3]->Save();
    EXPECT_EQ(script.clients[3]->OnUnmask(request).status().id(), error);
    EXPECT_EQ(script.clients[3]->phase(), Client::Phase::kFailed);
    script.clients[3] = *Client::Restore(saved.Reveal(RevealSecret{}), script.terms, script.floors,
                                         script.membership, 3, script.PrimitivesOf(3, 1));
  };
  refused([](UnmaskRequest& r) { r.agreed.pop_back(); }, errors::kSecAggFloor);
  refused([](UnmaskRequest& r) { r.agreed.clear(); }, errors::kSecAggFloor);
  refused([](UnmaskRequest& r) { r.agreed[0].signature.bytes[9] ^= std::byte{1}; }, errors::kSecAggMember);
  refused([](UnmaskRequest& r) { std::swap(r.agreed[0].signature, r.agreed[1].signature); },
          errors::kSecAggMember);
  refused([](UnmaskRequest& r) { std::swap(r.agreed[0], r.agreed[1]); }, errors::kSecAggMessage);
  refused([](UnmaskRequest& r) { r.agreed.back() = r.agreed[r.agreed.size() - 2]; }, errors::kSecAggMessage);
  refused([](UnmaskRequest& r) { r.agreed.back().position = 10'000; }, errors::kSecAggMessage);
  EXPECT_TRUE(script.clients[3]->OnUnmask(*script.server->UnmaskRequestFor(3)).ok());
}

TEST_P(AnswerTest, ASignatureOfASiteOutsideOfTheSurvivorsDoesNotCount) {
  UnmaskRequest request = *script.server->UnmaskRequestFor(3);
  const Sha256Digest cc = SiteState(*script.clients[3]).around().context;
  const SiteSet u2 = SiteSet::All(script.options().n), u3 = SetOf(script.options().n, script.server->u3());
  request.agreed.push_back({1, script.SignAs(1, AgreedBytes(cc, 1, u2, u3))});
  std::sort(request.agreed.begin(), request.agreed.end(),
            [](const auto& a, const auto& b) { return a.position < b.position; });
  EXPECT_TRUE(FailsWith(script.clients[3]->OnUnmask(request), errors::kSecAggMessage));
}

TEST_P(AnswerTest, ARequestBeforeTheDecisionIsRefusedAndChangesNothing) {
  SecAggScript early(GetParam());
  early.Advertise();
  early.Share();
  early.Mask(Without(early.server->u2(), {1}));
  EXPECT_TRUE(
      FailsWith(early.clients[3]->OnUnmask(*script.server->UnmaskRequestFor(3)), errors::kSecAggMessage));
  EXPECT_EQ(early.clients[3]->phase(), Client::Phase::kMasked);
}

INSTANTIATE_TEST_SUITE_P(Graphs, AnswerTest,
                         testing::Values(SecAggScript::Options{.n = 8},
                                         SecAggScript::Options{.n = 14, .k = 8, .t = 6}),
                         [](const auto& one) { return one.param.k == 0 ? "Complete" : "Regular"; });

}  // namespace
}  // namespace cairn::secagg

// Pitfalls 20 and 21: a regular cohort made larger with leaves nobody signed, and graphs chosen by trying
// cohorts.
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

TEST(AttackInflatedCohortsTest, TheNeighboursOfAnUnsignedLeafSeeIt) {
  SecAggScript script({.n = 24, .k = 6, .t = 5});
  script.Advertise();
  std::vector<std::pair<Member, Advert>> shown;
  for (const Member m : Range(24)) shown.emplace_back(m, script.clients[m]->advert());
  Advert invented = script.clients[9]->advert();
  for (AgreementPublic* key : {&invented.share_key, &invented.mask_key}) key->bytes[3] ^= std::byte{1};
  shown[9].second = invented;  // member 9 never came
  const LyingAggregator liar(script);
  const LyingAggregator::View view = liar.Form(shown);
  const Graph graph = *Graph::Make(24, 6, view.cc);
  const std::vector<Position> neighbours = graph.Neighbours(9);
  for (const Member m : Range(24)) {
    if (m == 9) continue;
    const auto shares = script.clients[m]->OnCohort(liar.MessageFor(view, m));
    const bool sees = std::find(neighbours.begin(), neighbours.end(), m) != neighbours.end();
    EXPECT_EQ(shares.ok(), !sees) << "member " << m << ": " << shares.status().ToString();
    if (sees) {
      EXPECT_TRUE(FailsWith(shares, errors::kSecAggMember));
    }
  }
}

TEST(AttackInflatedCohortsTest, NeighboursOtherThanTheGraphsAreRefused) {
  SecAggScript script({.n = 24, .k = 6, .t = 5});
  script.Advertise();
  const LyingAggregator liar(script);
  const LyingAggregator::View view = liar.FormOf(Range(24));
  const Graph graph = *Graph::Make(24, 6, view.cc);
  // 0 is shown the circle of another site, with itself in it.
  const std::vector<Position> true_ones = graph.Neighbours(0);
  std::vector<std::size_t> shown = {0};
  for (Position p = 1; shown.size() < 7; ++p) {
    if (std::find(true_ones.begin(), true_ones.end(), p) == true_ones.end()) shown.push_back(p);
  }
  CohortMessage message = liar.MessageFor(view, 0);
  message.adverts.clear();
  std::vector<Sha256Digest> leaves;
  for (const PlacedAdvert& placed : view.adverts) {
    leaves.push_back(
        AdvertLeaf(placed.member, AdvertHash(RoundContext(script.terms), placed.member, placed.advert)));
  }
  for (const std::size_t p : shown) message.adverts.push_back(view.adverts[p]);
  message.proof = MerkleProof(leaves, shown);
  EXPECT_TRUE(FailsWith(script.clients[0]->OnCohort(message), errors::kSecAggMessage));
}

TEST(AttackInflatedCohortsTest, ProofsThatDoNotReachTheSignedRootAreRefused) {
  SecAggScript script({.n = 24, .k = 6, .t = 5});
  script.Advertise();
  for (const int what : {0, 1, 2, 3}) {
    CohortMessage message = *script.server->CohortFor(static_cast<Member>(what));
    if (what == 0) message.proof.back().bytes[0] ^= std::byte{1};
    if (what == 1) message.proof.pop_back();
    if (what == 2) message.proof.push_back({});
    if (what == 3) message.n = 23;
    EXPECT_FALSE(script.clients[what]->OnCohort(message).ok());
    EXPECT_EQ(script.clients[what]->phase(), Client::Phase::kFailed);
  }
}

TEST(AttackInflatedCohortsTest, TheDefaultGraphWithstandsTrialsOfCohorts) {
  EXPECT_EQ(Floors().graph.security_bits, 80);  // 2^40 cohorts tried leave 2^−40
  SecAggScript script({.n = 150, .k = 40, .t = 28, .keyed_hash = true});
  script.floors = Floors();
  EXPECT_TRUE(FailsWith(script.NewClient(0), errors::kSecAggTerms));
}

}  // namespace
}  // namespace cairn::secagg

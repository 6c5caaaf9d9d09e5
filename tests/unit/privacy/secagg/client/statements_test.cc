#include "privacy/secagg/client/statements.h"

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

constexpr Member kVictim = 0;

// An attempt of seven sites, and an aggregator that says something else the second time.
struct TwoFaces {
  explicit TwoFaces(std::uint32_t k = 0, std::uint32_t t = 0)
      : script({.n = 7, .k = k, .t = t}), liar(script) {
    script.Advertise();
  }
  Client& victim() { return *script.clients[kVictim]; }
  CohortMessage OtherCohort() { return liar.MessageFor(liar.FormOf(Without(Range(7), {6})), kVictim); }
  DeliveryMessage OtherDelivery() {
    DeliveryMessage other = *script.server->DeliveryFor(kVictim);
    other.u2.Remove(5);
    std::erase_if(other.shares, [](const SealedShare& share) { return share.peer == 5; });
    return liar.Deliver(victim_context, other.u2, other.shares);
  }
  SurvivorsMessage OtherSurvivors() {
    return liar.NameSurvivors(victim_context, SiteSet::All(7), SetOf(7, Without(Range(7), {4})));
  }
  void Share() {
    script.Share();
    victim_context = SiteState(victim()).around().context;
  }
  VerifyKey key() const { return script.terms.aggregator; }

  SecAggScript script;
  LyingAggregator liar;
  Sha256Digest victim_context;
};

// The proof is complete, and holds after it was on disk and read by somebody else.
template <class Kind>
void ExpectProof(TwoFaces& faces) {
  const auto found = faces.victim().contradiction();
  ASSERT_NE(found, nullptr);
  EXPECT_TRUE(std::holds_alternative<Kind>(found->statements));
  const auto read = DecodeContradiction(EncodeContradiction(*found));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, *found);
  const Status proof = CheckContradiction(*read, faces.key());
  EXPECT_TRUE(proof.ok()) << proof.ToString();
  EXPECT_EQ(ReadRoundContext(read->context)->job, faces.script.terms.job);
  EXPECT_EQ(faces.victim().phase(), Client::Phase::kFailed);
}

TEST(StatementsTest, SecondCohortIsKeptAsProof) {
  TwoFaces faces;
  faces.Share();
  EXPECT_TRUE(FailsWith(faces.victim().OnCohort(faces.OtherCohort()), errors::kSecAggContradiction));
  ExpectProof<TwoCohorts>(faces);
}

TEST(StatementsTest, SecondCohortOfARegularGraphIsKeptAsProof) {
  TwoFaces faces(4, 3);
  faces.Share();
  EXPECT_TRUE(FailsWith(faces.victim().OnCohort(faces.OtherCohort()), errors::kSecAggContradiction));
  ExpectProof<TwoCohorts>(faces);
}

TEST(StatementsTest, SecondSetOfSharersIsKeptAsProof) {
  TwoFaces faces;
  faces.Share();
  faces.script.Mask();
  EXPECT_TRUE(FailsWith(faces.victim().OnDelivery(faces.OtherDelivery()), errors::kSecAggContradiction));
  ExpectProof<TwoDeliveries>(faces);
}

TEST(StatementsTest, SecondSetOfSurvivorsIsKeptAsProof) {
  TwoFaces faces;
  faces.Share();
  faces.script.Mask();
  faces.script.Agree();
  EXPECT_TRUE(
      FailsWith(faces.victim().OnSurvivors(faces.OtherSurvivors(), {}), errors::kSecAggContradiction));
  ExpectProof<TwoSurvivors>(faces);
}

TEST(StatementsTest, ContradictionIsSeenAfterTheAnswerToo) {
  TwoFaces faces;
  faces.Share();
  faces.script.Mask();
  faces.script.Agree();
  faces.script.Unmask();
  EXPECT_TRUE(
      FailsWith(faces.victim().OnSurvivors(faces.OtherSurvivors(), {}), errors::kSecAggContradiction));
  ExpectProof<TwoSurvivors>(faces);
}

TEST(StatementsTest, WhatWasTakenIsRememberedOverARestart) {
  TwoFaces faces;
  faces.Share();
  faces.script.Mask();
  faces.script.Agree();
  faces.script.Restart(kVictim);
  EXPECT_TRUE(
      FailsWith(faces.victim().OnSurvivors(faces.OtherSurvivors(), {}), errors::kSecAggContradiction));
  ExpectProof<TwoSurvivors>(faces);
}

TEST(StatementsTest, StatementThatTheAggregatorDidNotSignProvesNothingAndChangesNothing) {
  TwoFaces faces;
  faces.Share();
  faces.script.Mask();
  faces.script.Agree();
  const SecretBytes before = faces.victim().Save();
  CohortMessage cohort = faces.OtherCohort();
  cohort.signature.bytes[0] ^= std::byte{1};
  DeliveryMessage delivery = faces.OtherDelivery();
  delivery.signature = {};
  SurvivorsMessage survivors = faces.OtherSurvivors();
  survivors.signature = (*faces.script.server->SurvivorsFor(kVictim)).signature;
  EXPECT_TRUE(FailsWith(faces.victim().OnCohort(cohort), errors::kSecAggMessage));
  EXPECT_TRUE(FailsWith(faces.victim().OnDelivery(delivery), errors::kSecAggMessage));
  EXPECT_TRUE(FailsWith(faces.victim().OnSurvivors(survivors, {}), errors::kSecAggMessage));
  EXPECT_EQ(faces.victim().contradiction(), nullptr);
  EXPECT_TRUE(faces.victim().Save() == before);
}

TEST(StatementsTest, SameStatementAgainIsNoContradiction) {
  TwoFaces faces;
  faces.Share();
  faces.script.Mask();
  faces.script.Agree();
  EXPECT_TRUE(faces.victim().OnSurvivors(*faces.script.server->SurvivorsFor(kVictim), {}).ok());
  EXPECT_TRUE(faces.victim().OnDelivery(*faces.script.server->DeliveryFor(kVictim)).ok());
  EXPECT_EQ(faces.victim().contradiction(), nullptr);
}

TEST(StatementsTest, FailedSiteWithAProofIsSavedAndReadLikeAnyOther) {
  TwoFaces faces;
  faces.Share();
  ASSERT_FALSE(faces.victim().OnCohort(faces.OtherCohort()).ok());
  faces.script.Restart(kVictim);
  EXPECT_EQ(faces.victim().phase(), Client::Phase::kFailed);
}

}  // namespace
}  // namespace cairn::secagg

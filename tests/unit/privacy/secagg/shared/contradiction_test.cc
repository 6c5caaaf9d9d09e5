#include "privacy/secagg/shared/contradiction.h"

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

// Two sets of survivors, both signed.
class ContradictionTest : public testing::Test {
 protected:
  ContradictionTest() {
    const Sha256Digest rc = RoundContext(script_.terms), cc = cohort_.Context(rc);
    const auto signed_set = [&](const SiteSet& set) {
      return SignedSet{set, script_.SignAs(SecAggScript::kAggregator, SurvivorsBytes(cc, all_, set))};
    };
    evidence_ = {RoundContextBytes(script_.terms),
                 TwoSurvivors{cohort_, all_, signed_set(all_), signed_set(fewer_)}};
  }
  TwoSurvivors& two() { return std::get<TwoSurvivors>(evidence_.statements); }
  Status Check() const { return CheckContradiction(evidence_, script_.terms.aggregator); }

  SecAggScript script_{{.n = 6}};
  SiteSet all_ = SiteSet::All(6), fewer_ = SetOf(6, {0, 1, 2, 3, 4});
  CohortView cohort_{6, Sha256::Of("root"), {}};
  Contradiction evidence_;
};

TEST_F(ContradictionTest, TwoSignedSetsProveIt) {
  EXPECT_TRUE(Check().ok()) << Check().ToString();
  EXPECT_EQ(NameOf(evidence_), "sets of survivors");
  EXPECT_EQ(WordsOf(evidence_).second, "5 of 6 sites, at the places 0 1 2 3 4");
}

TEST_F(ContradictionTest, ContextTellsWhatWasAttempted) {
  const auto names = ReadRoundContext(evidence_.context);
  ASSERT_TRUE(names.ok());
  EXPECT_EQ(names->federation, script_.terms.federation);
  EXPECT_EQ(names->job, script_.terms.job);
  EXPECT_EQ(names->round, script_.terms.round);
  EXPECT_EQ(names->attempt, script_.terms.attempt);
  EXPECT_EQ(names->group, script_.terms.group);
  EXPECT_EQ(names->manifest, script_.terms.manifest);
  EXPECT_EQ(names->roster_version, script_.terms.roster_version);
  EXPECT_EQ(names->roster, script_.terms.roster);
  EXPECT_EQ(names->model, script_.terms.model);
  EXPECT_EQ(names->aggregator, script_.terms.aggregator);
}

TEST_F(ContradictionTest, GroupOfAGroupedJobIsTold) {
  script_.terms.group = 3;
  EXPECT_EQ(ReadRoundContext(RoundContextBytes(script_.terms))->group, 3u);
}

TEST_F(ContradictionTest, OneStatementTwiceProvesNothing) {
  two().second = two().first;
  EXPECT_TRUE(FailsWith(Check(), errors::kSecAggEvidence));
}

TEST_F(ContradictionTest, StatementOfSomebodyElseProvesNothing) {
  const Sha256Digest cc = cohort_.Context(RoundContext(script_.terms));
  two().second.signature = script_.SignAs(2, SurvivorsBytes(cc, all_, fewer_));
  EXPECT_TRUE(FailsWith(Check(), errors::kSecAggEvidence));
}

TEST_F(ContradictionTest, StatementsOfTwoAttemptsProveNothing) {
  Terms later = script_.terms;
  later.attempt = 2;
  const Sha256Digest cc = cohort_.Context(RoundContext(later));
  two().second.signature = script_.SignAs(SecAggScript::kAggregator, SurvivorsBytes(cc, all_, fewer_));
  EXPECT_TRUE(FailsWith(Check(), errors::kSecAggEvidence));
}

TEST_F(ContradictionTest, AnotherKeyIsNotThisAggregators) {
  const Status status = CheckContradiction(evidence_, script_.membership->members[1].key);
  EXPECT_TRUE(FailsWith(status, errors::kSecAggEvidence));
  EXPECT_NE(status.what().find(ToHex(script_.terms.aggregator.bytes)), std::string::npos) << status.what();
}

TEST_F(ContradictionTest, AnyChangedByteIsRefusedOrProvesNothing) {
  const Bytes file = EncodeContradiction(evidence_);
  ASSERT_TRUE(DecodeContradiction(file).ok());
  for (std::size_t at = 0; at < file.size(); ++at) {
    Bytes changed = file;
    changed[at] ^= static_cast<std::byte>(1u << (at % 8));
    const auto read = DecodeContradiction(changed);
    const Status status = read.ok() ? CheckContradiction(*read, script_.terms.aggregator) : read.status();
    EXPECT_TRUE(FailsWith(status, errors::kSecAggEvidence)) << "byte " << at;
  }
}

TEST_F(ContradictionTest, FileCutShortOrWithMoreBehindItIsRefused) {
  const Bytes file = EncodeContradiction(evidence_);
  for (std::size_t size = 0; size < file.size(); ++size) {
    const auto cut = DecodeContradiction(std::span(file).first(size));
    EXPECT_TRUE(FailsWith(cut, errors::kSecAggEvidence)) << size;
  }
  Bytes longer = file;
  longer.push_back(std::byte{0});
  EXPECT_TRUE(FailsWith(DecodeContradiction(longer), errors::kSecAggEvidence));
}

TEST_F(ContradictionTest, EachKindIsReadBackAsItWasWritten) {
  const SignedCohort first{cohort_, {}}, second{{7, Sha256::Of("other"), SetOf(9, {1, 4, 8})}, {}};
  for (const Contradiction& one :
       {Contradiction{evidence_.context, TwoCohorts{first, second}},
        Contradiction{evidence_.context, TwoDeliveries{cohort_, {all_, {}}, {fewer_, {}}}}, evidence_}) {
    const auto read = DecodeContradiction(EncodeContradiction(one));
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_EQ(*read, one);
  }
}

TEST_F(ContradictionTest, LargestCohortFitsTheFile) {
  const SiteSet most = SiteSet::All(kMaxMembers);
  const Contradiction large{evidence_.context,
                            TwoSurvivors{{100'000, {}, most}, most, {most, {}}, {SiteSet(kMaxMembers), {}}}};
  EXPECT_TRUE(DecodeContradiction(EncodeContradiction(large)).ok());
}

}  // namespace
}  // namespace cairn::secagg

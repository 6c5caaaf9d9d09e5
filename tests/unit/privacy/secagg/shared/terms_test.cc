#include "privacy/secagg/shared/terms.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <set>

#include "privacy/secagg/shared/transcript.h"
#include "tests/testing/fixed_bytes.h"

namespace cairn::secagg {
namespace {

Section Real(std::string name, std::uint64_t length, double clip, std::uint8_t bits) {
  return {std::move(name), length, clip, bits,
          static_cast<std::uint64_t>(clip * static_cast<double>(std::uint64_t{1} << bits))};
}

Terms Good() {
  Terms terms;
  terms.federation = "heartnet";
  terms.job = 7;
  terms.round = 3;
  terms.attempt = 1;
  terms.sections = {
      Real("parameters", 1000, 1, 26), {"weight", 1, 0, 0, std::uint64_t{1} << 20}, {"check", 4, 0, 0, 1}};
  terms.weight_bits = 20;
  terms.weight_cap = 1000;
  terms.n_min = 4;
  terms.n_max = 20;
  return terms;
}

Terms Regular() {
  Terms terms = Good();
  terms.sections[0] = Real("parameters", 1000, 1, 14);
  terms.weight_bits = 14;
  terms.sections[1].bound = 1 << 14;
  terms.k = 182;
  terms.t = 129;
  terms.n_min = 9000;
  terms.n_max = 10000;
  return terms;
}

using Change = std::function<void(Terms&)>;

Status Checked(Terms terms, const Change& change, Floors floors = {}) {
  change(terms);
  return CheckTerms(terms, floors);
}

TEST(TermsTest, GoodTermsPass) {
  for (const Terms& terms : {Good(), Regular()}) {
    const Status status = CheckTerms(terms, {});
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  EXPECT_EQ(Good().words(), 1005u);
  EXPECT_EQ(Good().byte_size(), 4020u);
}

TEST(TermsTest, EveryTermChangesTheRoundContext) {
  const Change changes[] = {
      [](Terms&) {},
      [](Terms& t) { t.suite = 2; },
      [](Terms& t) { t.federation = "other"; },
      [](Terms& t) { t.job = 8; },
      [](Terms& t) { t.manifest = Sha256::Of("m"); },
      [](Terms& t) { t.roster_version = 2; },
      [](Terms& t) { t.roster = Sha256::Of("r"); },
      [](Terms& t) { t.aggregator.bytes[31] = std::byte{1}; },
      [](Terms& t) { t.round = 4; },
      [](Terms& t) { t.attempt = 2; },
      [](Terms& t) { t.model = Sha256::Of("model"); },
      [](Terms& t) { t.architecture = Sha256::Of("architecture"); },
      [](Terms& t) { t.layout_hash = 1; },
      [](Terms& t) { t.sections[0].name = "buffers"; },
      [](Terms& t) { t.sections[0].length = 999; },
      [](Terms& t) { t.sections[0].clip = 2; },
      [](Terms& t) { t.sections[0].fraction_bits = 25; },
      [](Terms& t) { t.sections[0].bound += 1; },
      [](Terms& t) { std::swap(t.sections[1], t.sections[2]); },
      [](Terms& t) { t.sections.pop_back(); },
      [](Terms& t) { t.ring = Ring::k64; },
      [](Terms& t) { t.weight_bits = 19; },
      [](Terms& t) { t.weight_cap = 1; },
      [](Terms& t) { t.group = 1; },
      [](Terms& t) { t.group = 2; },
      [](Terms& t) { t.k = 2; },
      [](Terms& t) { t.t = 2; },
      [](Terms& t) { t.n_min = 5; },
      [](Terms& t) { t.n_max = 21; },
      [](Terms& t) { t.dp_event = Sha256::Of("dp"); },
  };
  std::set<Sha256Digest> contexts;
  for (const Change& change : changes) {
    Terms terms = Good();
    change(terms);
    contexts.insert(RoundContext(terms));
  }
  EXPECT_EQ(contexts.size(), std::size(changes));
}

TEST(TermsTest, RoundContextIsTheTranscriptOfTheSpecification) {
  const Terms t = Good();
  Bytes table;
  for (const Section& s : t.sections) {
    const Bytes row = Transcript("section")
                          .Text(s.name)
                          .U64(s.length)
                          .F64(s.clip)
                          .U32(s.fraction_bits)
                          .U64(s.bound)
                          .bytes();
    table.insert(table.end(), row.begin(), row.end());
  }
  Transcript rc("rc");
  rc.U32(1)
      .Text("heartnet")
      .U64(7)
      .Hash({})
      .U64(0)
      .Hash({})
      .Field(VerifyKey{}.bytes)
      .U64(3)
      .U32(1)
      .Hash({})
      .Hash({});
  rc.U64(0)
      .Field(table)
      .U32(32)
      .U32(20)
      .U32(1000)
      .U32(1)
      .U32(0)
      .U32(1)
      .U32(0)
      .U32(0)
      .U32(4)
      .U32(20)
      .U32(1)
      .Hash({});
  EXPECT_EQ(RoundContext(t), rc.Digest());
}

TEST(TermsTest, AVectorThatIsNoneIsRefused) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const Change& change : std::initializer_list<Change>{
           [](Terms& t) { t.suite = 2; }, [](Terms& t) { t.ring = Ring{16}; },
           [](Terms& t) { t.sections.clear(); },
           [](Terms& t) {
             for (Section& section : t.sections) section.length = 0;
           },
           [](Terms& t) { t.sections[0].length = std::numeric_limits<std::uint64_t>::max(); },
           [](Terms& t) { t.sections[0].length = std::uint64_t{1} << 34; },
           [](Terms& t) { t.sections[0].clip = -1; }, [](Terms& t) { t.sections[0].clip = kInfinity; },
           [](Terms& t) { t.sections[0].clip = kInfinity - kInfinity; },
           [](Terms& t) { t.sections[0].bound -= 1; }, [](Terms& t) { t.sections[0].fraction_bits = 32; },
           [](Terms& t) { t.sections[1].fraction_bits = 1; }}) {
    EXPECT_EQ(Checked(Good(), change).id(), errors::kSecAggTerms);
  }
}

TEST(TermsTest, ASectionMayLeaveRoomForNoise) {
  EXPECT_TRUE(Checked(Good(), [](Terms& t) { t.sections[0].bound += 1; }).ok());
}

TEST(TermsTest, WhatCouldWrapIsRefused) {
  for (const Change& change : std::initializer_list<Change>{
           [](Terms& t) { t.sections[0] = Real("parameters", 1000, 1, 27); },
           [](Terms& t) { t.n_max = 32; },  // 32 · 2^26 = 2^31
           [](Terms& t) { t.weight_bits = 27; }, [](Terms& t) { t.weight_bits = 31; },
           [](Terms& t) { t.weight_bits = 255; }}) {
    EXPECT_EQ(Checked(Good(), change).id(), errors::kSecAggWrap);
  }
  EXPECT_TRUE(Checked(Good(), [](Terms& t) { t.n_max = 31; }).ok());
}

TEST(TermsTest, FloorsOfTheSiteHoldWhateverTheAggregatorSays) {
  EXPECT_EQ(Checked(Good(), [](Terms& t) { t.n_min = 3; }).id(), errors::kSecAggFloor);
  EXPECT_EQ(Checked(Good(), [](Terms&) {}, {.min_cohort = 5}).id(), errors::kSecAggFloor);
  EXPECT_TRUE(Checked(Good(), [](Terms& t) { t.n_min = 3; }, {.min_cohort = 3}).ok());
  // No policy goes below three.
  EXPECT_EQ(Checked(Good(), [](Terms& t) { t.n_min = 2; }, {.min_cohort = 1}).id(), errors::kSecAggFloor);
}

TEST(TermsTest, AWeakOrImpossibleGraphIsRefused) {
  for (const Change& change : std::initializer_list<Change>{
           [](Terms& t) { t.k = 181; }, [](Terms& t) { t.k = 180; }, [](Terms& t) { t.k = 256; },
           [](Terms& t) { t.t = 128; }, [](Terms& t) { t.t = 130; }, [](Terms& t) { t.t = 0; },
           [](Terms& t) { t.k = 0; }, [](Terms& t) { t.k = 0, t.t = 0; }, [](Terms& t) { t.n_min = 150; },
           [](Terms& t) { t.n_max = 50'000; }, [](Terms& t) { t.n_min = 10'001; }}) {
    EXPECT_EQ(Checked(Regular(), change).id(), errors::kSecAggTerms);
  }
  EXPECT_EQ(Checked(Good(), [](Terms& t) { t.n_min = 21; }).id(), errors::kSecAggTerms);
  const auto wide = [](Terms& t) { t.sections[0] = Real("parameters", 1000, 1, 20), t.n_max = 129; };
  EXPECT_EQ(Checked(Good(), wide).id(), errors::kSecAggTerms);
}

TEST(SmallestSurvivorsTest, IsTwoThirdsAndNeverBelowTheFloor) {
  EXPECT_EQ(SmallestSurvivors(3, Floors{.min_cohort = 3}), 3u);
  EXPECT_EQ(SmallestSurvivors(4, Floors{.min_cohort = 4}), 4u);
  EXPECT_EQ(SmallestSurvivors(20, Floors{.min_cohort = 4}), 14u);
  EXPECT_EQ(SmallestSurvivors(20, Floors{.min_cohort = 18}), 18u);
  EXPECT_EQ(SmallestSurvivors(10'000, Floors{.min_cohort = 4}), 6667u);
}

}  // namespace
}  // namespace cairn::secagg

#include "protocol/messages/masking_terms.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

JobManifest Grouped() {
  JobManifest manifest;
  manifest.spec.secagg.mode = SecAggMode::kGrouped;
  manifest.spec.secagg.group_size = 5;
  manifest.spec.secagg.group_min = 4;
  manifest.spec.secagg.rule = GroupRule::kMedian;
  manifest.spec.cohort.min_clients = 15;
  manifest.digest = std::string(64, 'b');
  return manifest;
}

Result<secagg::Terms> TermsOf(const JobManifest& manifest, std::uint32_t group) {
  const UpdateLayout layout{3, 0, 0, 1};
  const secagg::Membership membership;
  const VerifyKey aggregator;
  return MaskingTermsOf({manifest, layout, membership, aggregator, group}, {JobId{1}, RoundId{1}, 1},
                        RoundKind::kTrain, {});
}

TEST(MaskingTermsTest, EachGroupIsAContextOfItsOwn) {
  const auto first = TermsOf(Grouped(), 1), second = TermsOf(Grouped(), 2);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(secagg::RoundContext(*first), secagg::RoundContext(*second));
}

TEST(MaskingTermsTest, AGroupsCohortIsACompleteGraphBetweenItsFloorAndTheLargestGroup) {
  const auto terms = TermsOf(Grouped(), 1);
  ASSERT_TRUE(terms.ok());
  EXPECT_EQ(terms->n_min, 4u);
  EXPECT_EQ(terms->n_max, 7u);
  EXPECT_EQ(terms->k, 0u);
  EXPECT_TRUE(secagg::CheckTerms(*terms, MaskingFloorsOf(Grouped().spec, 4, 5)).ok());
}

TEST(MaskingTermsTest, ASiteInsistsOnItsFloorAndOnAMajorityOfItsGroup) {
  const secagg::Floors floors = MaskingFloorsOf(Grouped().spec, 5, 6);
  EXPECT_EQ(floors.min_cohort, 5u);
  EXPECT_EQ(floors.job_members, 6u);
  EXPECT_EQ(secagg::CheckTerms(*TermsOf(Grouped(), 1), floors).id(), errors::kSecAggFloor);
}

TEST(MaskingTermsTest, ASiteHelpsToOpenNoSumOverFewerThanItsShareOfNoiseIsMadeFor) {
  JobManifest manifest;
  manifest.spec.cohort.min_clients = 20;
  manifest.spec.cohort.min_reports = 14;
  const secagg::Floors floors = MaskingFloorsOf(manifest.spec, 4);
  EXPECT_EQ(floors.least_survivors, 14u);
  EXPECT_EQ(floors.min_cohort, 4u);  // two sums need not be fourteen sites apart
  EXPECT_EQ(secagg::SmallestSurvivors(15, floors), 14u);
  EXPECT_EQ(secagg::SmallestSurvivors(30, floors), 21u);
}

}  // namespace
}  // namespace cairn

#include "client/policy/site_policy.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

using Answer = PolicyVerdict::Answer;

SitePolicy Willing() {
  SitePolicy policy;
  policy.approval = ApprovalMode::kAuto;
  policy.secagg = SecAggPolicy::kPlainOk;
  policy.datasets = {{"cardio", {"cardio-*", "pilot"}}};
  return policy;
}

JobManifest Plain() {
  JobManifest manifest;
  manifest.spec.name = "cardio-risk";
  manifest.spec.data.dataset = "cardio";
  manifest.spec.secagg.mode = SecAggMode::kOff;
  manifest.spec.cohort.min_clients = 4;
  manifest.digest = "d1";
  return manifest;
}

ErrorId ReasonOf(const SitePolicy& policy, const JobManifest& manifest,
                 std::vector<JobApproval> approvals = {}) {
  return policy.Decide(manifest, 1000, approvals).reason.id();
}

TEST(SitePolicyTest, JobThatTheSiteAllowsIsAccepted) {
  EXPECT_EQ(Willing().Decide(Plain(), 1000, {}).answer, Answer::kAccept);
}

TEST(SitePolicyTest, DefaultsAllowNothing) {
  EXPECT_EQ(SitePolicy{}.Decide(Plain(), 1000, {}).answer, Answer::kDecline);
}

TEST(SitePolicyTest, DataKeptForPrivateJobsIsRefusedToOthers) {
  SitePolicy policy = Willing();
  policy.datasets.push_back({"card*", {}, true});  // whichever rule let the job in
  EXPECT_EQ(ReasonOf(policy, Plain()), errors::kPolicyPrivacyRequired);
  JobManifest manifest = Plain();
  manifest.spec.privacy = PrivacyTerms{};
  EXPECT_EQ(policy.Decide(manifest, 1000, {}).answer, Answer::kAccept);
}

TEST(SitePolicyTest, PlainJobNeedsTheSiteAndTheJobToSaySo) {
  for (const SecAggPolicy site : {SecAggPolicy::kRequired, SecAggPolicy::kPlainOk}) {
    for (const SecAggMode job : {SecAggMode::kOff, SecAggMode::kFull}) {
      SitePolicy policy = Willing();
      policy.secagg = site;
      JobManifest manifest = Plain();
      manifest.spec.secagg.mode = job;
      const bool is_fine = site == SecAggPolicy::kPlainOk || job == SecAggMode::kFull;
      EXPECT_EQ(ReasonOf(policy, manifest), is_fine ? ErrorId{} : errors::kPolicyPlainRefused)
          << static_cast<int>(site) << " " << static_cast<int>(job);
    }
  }
}

JobManifest Grouped() {
  JobManifest manifest = Plain();
  manifest.spec.secagg.mode = SecAggMode::kGrouped;
  manifest.spec.secagg.group_size = 5;
  manifest.spec.secagg.group_min = 4;
  manifest.spec.secagg.rule = GroupRule::kMedian;
  manifest.spec.cohort.min_clients = 15;
  return manifest;
}

TEST(SitePolicyTest, GroupedJobNeedsTheSiteToSaySoAndPlainOkIsNotThat) {
  const std::pair<SecAggPolicy, ErrorId> rows[] = {{SecAggPolicy::kRequired, errors::kPolicyGroupedRefused},
                                                   {SecAggPolicy::kPlainOk, errors::kPolicyGroupedRefused},
                                                   {SecAggPolicy::kGroupedOk, ErrorId{}},
                                                   {SecAggPolicy::kUnchecked, ErrorId{}}};
  for (const auto& [says, reason] : rows) {
    SitePolicy policy = Willing();
    policy.secagg = says;
    EXPECT_EQ(ReasonOf(policy, Grouped()), reason) << static_cast<int>(says);
  }
}

TEST(SitePolicyTest, GroupedOkAllowsMaskedJobsAndNoPlainOne) {
  SitePolicy policy = Willing();
  policy.secagg = SecAggPolicy::kGroupedOk;
  JobManifest manifest = Plain();
  EXPECT_EQ(ReasonOf(policy, manifest), errors::kPolicyPlainRefused);
  manifest.spec.secagg.mode = SecAggMode::kFull;
  EXPECT_EQ(ReasonOf(policy, manifest), ErrorId{});
}

TEST(SitePolicyTest, TheSmallestSumOfAGroupMustSuitTheSite) {
  SitePolicy policy = Willing();
  policy.secagg = SecAggPolicy::kGroupedOk;
  policy.min_cohort = 5;
  JobManifest manifest = Grouped();
  EXPECT_EQ(ReasonOf(policy, manifest), errors::kPolicyCohort);
  manifest.spec.secagg.group_min = 0;  // then it is group_size
  EXPECT_EQ(ReasonOf(policy, manifest), ErrorId{});
}

TEST(SitePolicyTest, DataSetIsOpenOnlyToTheJobsNamed) {
  JobManifest manifest = Plain();
  manifest.spec.name = "pilot";
  EXPECT_EQ(ReasonOf(Willing(), manifest), ErrorId{});
  manifest.spec.name = "pilot-2";
  EXPECT_EQ(ReasonOf(Willing(), manifest), errors::kPolicyDataset);
  manifest = Plain();
  manifest.spec.data.dataset = "genomes";
  EXPECT_EQ(ReasonOf(Willing(), manifest), errors::kPolicyDataset);
}

TEST(SitePolicyTest, RoundsThatMayBeTooSmallAreRefused) {
  JobManifest manifest = Plain();
  manifest.spec.cohort.min_clients = 3;
  EXPECT_EQ(ReasonOf(Willing(), manifest), errors::kPolicyCohort);
}

TEST(SitePolicyTest, SmallestCohortIsMinReportsThenTargetThenMinClients) {
  JobSpec spec;
  spec.cohort.min_clients = 5;
  EXPECT_EQ(SmallestCohort(spec), 5u);
  spec.cohort.target = 10;
  EXPECT_EQ(SmallestCohort(spec), 10u);
  spec.cohort.min_reports = 7;
  EXPECT_EQ(SmallestCohort(spec), 7u);
}

TEST(SitePolicyTest, UploadOverTheCapIsRefusedBeforeAnyWork) {
  SitePolicy policy = Willing();
  policy.max_upload_bytes_per_round = 1000;
  EXPECT_EQ(policy.Decide(Plain(), 1000, {}).answer, Answer::kAccept);
  EXPECT_EQ(policy.Decide(Plain(), 1001, {}).reason.id(), errors::kPolicyUploadCap);
}

TEST(SitePolicyTest, ManualApprovalIsForOneDigest) {
  SitePolicy policy = Willing();
  policy.approval = ApprovalMode::kManual;
  EXPECT_EQ(ReasonOf(policy, Plain()), errors::kPolicyWaiting);
  const std::vector<JobApproval> yes = {{"d1", "cardio-risk", ApprovalDecision::kApproved}};
  EXPECT_EQ(policy.Decide(Plain(), 1000, yes).answer, Answer::kAccept);
  JobManifest changed = Plain();
  changed.digest = "d2";
  EXPECT_EQ(policy.Decide(changed, 1000, yes).answer, Answer::kPending);
  EXPECT_EQ(ReasonOf(policy, changed, yes), errors::kPolicyTermsChanged);
}

TEST(SitePolicyTest, NoAndWithdrawnHoldEvenWhereApprovalIsAutomatic) {
  EXPECT_EQ(ReasonOf(Willing(), Plain(), {{"d1", "", ApprovalDecision::kDenied}}), errors::kPolicyDenied);
  EXPECT_EQ(ReasonOf(Willing(), Plain(), {{"d1", "", ApprovalDecision::kWithdrawn}}),
            errors::kPolicyWithdrawn);
}

TEST(SitePolicyTest, TheLastDecisionCounts) {
  EXPECT_EQ(ReasonOf(Willing(), Plain(),
                     {{"d1", "", ApprovalDecision::kDenied}, {"d1", "", ApprovalDecision::kApproved}}),
            ErrorId{});
}

TEST(SitePolicyTest, ApprovalDoesNotOverruleThePolicy) {
  SitePolicy policy = Willing();
  policy.secagg = SecAggPolicy::kRequired;
  EXPECT_EQ(ReasonOf(policy, Plain(), {{"d1", "cardio-risk", ApprovalDecision::kApproved}}),
            errors::kPolicyPlainRefused);
}

TEST(SitePolicyTest, MadePopulationTakesAnyJob) {
  JobManifest manifest = Plain();
  manifest.spec.secagg.mode = SecAggMode::kOff;
  manifest.spec.cohort.min_clients = 1;
  EXPECT_EQ(SitePolicy::ForMadePopulation().Decide(manifest, 1u << 31, {}).answer, Answer::kAccept);
}

}  // namespace
}  // namespace cairn

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/client/agent/agent_world.h"

namespace cairn {
namespace {

AgentConfig Manual() {
  AgentConfig config = AgentWorld::Willing();
  config.policy.approval = ApprovalMode::kManual;
  return config;
}

TEST(AgentJobsTest, AllowedJobIsLearnedBeforeItIsAccepted) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  ASSERT_NE(world.Sent<JobReply>(), nullptr);
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kAccept);
  ASSERT_TRUE(world.Has<LearnJob>());
  EXPECT_LT(world.PlaceOf<LearnJob>(), world.PlaceOf<SendToServer>());
  EXPECT_LT(world.PlaceOf<PersistAgent>(), world.PlaceOf<SendToServer>());
}

TEST(AgentJobsTest, AcceptedPlainJobIsAnnouncedLoudly) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  bool is_announced = false;
  for (const AgentAction& action : world.actions) {
    const auto* event = std::get_if<EmitEvent>(&action);
    is_announced |= event != nullptr && event->name == "updates_leave_unmasked";
  }
  EXPECT_TRUE(is_announced);
}

TEST(AgentJobsTest, JobAgainstThePolicyIsDeclinedWithItsReason) {
  AgentWorld world(AgentWorld::Willing());
  world.Connect();
  world.Offer({.name = "other-job"});
  ASSERT_NE(world.Sent<JobReply>(), nullptr);
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kDecline);
  EXPECT_EQ(world.Sent<JobReply>()->reason_id, errors::kPolicyDataset.value);
  EXPECT_FALSE(world.Has<LearnJob>());
}

TEST(AgentJobsTest, JobsThatEndedWhileItWasAwayMakeRoomForNewOnes) {
  AgentWorld world(AgentWorld::Willing());
  world.Connect();
  world.Offer({.id = 1, .digest = "digest-1"});
  world.Plan(KeyOf(1));  // this one is being worked on
  for (std::uint64_t id = 2; id <= 100; ++id) {
    world.Offer({.id = id, .digest = "digest-" + std::to_string(id)});
    ASSERT_NE(world.Sent<JobReply>(), nullptr);
    EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kAccept) << id;
  }
  EXPECT_LE(world.agent.jobs().size(), 64u);
  EXPECT_EQ(world.agent.jobs().front().id, JobId{1});
  EXPECT_TRUE(world.agent.is_working());
}

TEST(AgentJobsTest, OfferThatIsNoModelIsDeclined) {
  AgentWorld world(AgentWorld::Willing());
  world.Connect();
  world.Offer({.tensors = {{"", {1}, Role::kParameter, Scope::kExchanged}}});
  ASSERT_NE(world.Sent<JobReply>(), nullptr);
  EXPECT_EQ(world.Sent<JobReply>()->reason_id, errors::kModelSpec.value);
  world.Hear(JobOffer{nullptr});
  EXPECT_EQ(world.Sent<JobReply>()->reason_id, errors::kNetProtocol.value);
}

TEST(AgentJobsTest, ManualJobWaitsAndIsAcceptedOnceAPersonApproves) {
  AgentWorld world(Manual());
  world.TakePart();
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kPending);
  EXPECT_EQ(world.Sent<JobReply>()->reason_id, errors::kPolicyWaiting.value);

  world.Do(ApprovalChanged{"digest-1", ApprovalDecision::kApproved});
  ASSERT_NE(world.Persisted<JobApproval>(), nullptr);
  EXPECT_EQ(world.Persisted<JobApproval>()->job_name, "cardio-risk");
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kAccept);
  EXPECT_LT(world.PlaceOf<PersistAgent>(), world.PlaceOf<SendToServer>());
}

TEST(AgentJobsTest, ApprovalThatIsNotDurableIsNone) {
  AgentWorld world(Manual());
  world.TakePart();
  world.Do(ApprovalChanged{"digest-1", ApprovalDecision::kApproved});
  world.Do(AgentActionFailed{Status(errors::kStorageFull, "no space")});
  EXPECT_EQ(world.agent.jobs()[0].answer, JobAnswer::kPending);
  world.Plan(KeyOf(1));
  EXPECT_FALSE(world.Has<StartWork>());
}

TEST(AgentJobsTest, OtherTermsUnderAnApprovedNameAskAgain) {
  AgentWorld world(Manual());
  world.TakePart();
  world.Do(ApprovalChanged{"digest-1", ApprovalDecision::kApproved});
  world.Plan(KeyOf(1));
  world.Offer({.digest = "digest-2"});
  EXPECT_TRUE(world.Has<KillWork>());
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kPending);
  EXPECT_EQ(world.Sent<JobReply>()->reason_id, errors::kPolicyTermsChanged.value);
  world.Plan(KeyOf(2));
  EXPECT_FALSE(world.Has<StartWork>());
}

TEST(AgentJobsTest, WithdrawalKillsTheWorkAndRefusesWhatFollows) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  world.Do(ApprovalChanged{"digest-1", ApprovalDecision::kWithdrawn});
  EXPECT_TRUE(world.Has<KillWork>());
  ASSERT_NE(world.Sent<RoundDecline>(), nullptr);
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kPolicyWithdrawn.value);
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kDecline);
  world.Finish(KeyOf(1));
  EXPECT_EQ(world.Sent<Report>(), nullptr);
  world.Plan(KeyOf(2));
  EXPECT_FALSE(world.Has<StartWork>());
}

TEST(AgentJobsTest, WithdrawalHoldsAtOnceEvenWhenTheStoreFails) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Do(ApprovalChanged{"digest-1", ApprovalDecision::kWithdrawn});
  world.Do(AgentActionFailed{Status(errors::kStorageFull, "no space")});
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kDecline);
  world.Offer();
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kDecline);
}

TEST(AgentJobsTest, ApprovalsSurviveARestart) {
  AgentSnapshot snapshot;
  snapshot.approvals = {{"digest-1", "cardio-risk", ApprovalDecision::kApproved}};
  AgentWorld world(Manual(), std::move(snapshot));
  world.TakePart();
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kAccept);
}

TEST(AgentJobsTest, RepeatedOfferIsAnsweredAgainAndRecordedOnce) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  EXPECT_NE(world.Persisted<JobAnswered>(), nullptr);
  world.Offer();
  EXPECT_NE(world.Sent<JobReply>(), nullptr);
  EXPECT_EQ(world.Persisted<JobAnswered>(), nullptr);
  EXPECT_EQ(world.agent.jobs().size(), 1u);
}

TEST(AgentJobsTest, EndedJobIsForgottenWithItsWork) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  world.Hear(JobEnded{JobId{1}, JobOutcome::kStopped, "stopped by hand"});
  EXPECT_TRUE(world.Has<KillWork>());
  EXPECT_TRUE(world.agent.jobs().empty());
  world.Plan(KeyOf(2));
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kPolicyNotAccepted.value);
}

TEST(AgentJobsTest, OffersWithoutEndDoNotFillMemory) {
  AgentWorld world(AgentWorld::Willing());
  world.Connect();
  for (std::uint64_t id = 1; id <= 64; ++id) {
    world.Offer({.id = id});
    world.Plan(KeyOf(1, 1, id));  // each has work that waits, so none can make room
  }
  world.Offer({.id = 65});
  EXPECT_EQ(world.agent.jobs().size(), 64u);
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kDecline);
}

std::shared_ptr<const JobManifest> GroupedManifest(std::vector<std::string> sites) {
  auto manifest = std::make_shared<JobManifest>(*MakeManifest({.secagg = SecAggMode::kGrouped}));
  manifest->spec.secagg.group_size = 4;
  manifest->spec.secagg.rule = GroupRule::kMedian;
  manifest->group_sites = std::move(sites);
  for (char c = 'b'; c < 'm'; ++c) manifest->group_sites.push_back(std::string("site-") + c);
  manifest->group_roster = manifest->digest = std::string(64, 'a');
  return manifest;
}

TEST(AgentJobsTest, GroupedJobThatBothAllowIsAcceptedAndTheLogSaysWhatCanBeRead) {
  AgentConfig config = AgentWorld::Willing();
  config.policy.secagg = SecAggPolicy::kGroupedOk;
  AgentWorld world(config);
  world.Connect();
  world.Hear(JobOffer{GroupedManifest({"site-a"})});
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kAccept);
  const bool is_said = std::ranges::any_of(world.actions, [](const AgentAction& action) {
    const auto* event = std::get_if<EmitEvent>(&action);
    return event != nullptr && event->name == "group_sums_are_readable";
  });
  EXPECT_TRUE(is_said);
}

TEST(AgentJobsTest, GroupedJobIsDeclinedByASiteThatOnlySaidPlainOk) {
  AgentWorld world(AgentWorld::Willing());
  world.Connect();
  world.Hear(JobOffer{GroupedManifest({"site-a"})});
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kDecline);
  EXPECT_EQ(world.Sent<JobReply>()->reason_id, errors::kPolicyGroupedRefused.value);
}

TEST(AgentJobsTest, GroupedJobWhoseGroupsLackTheSiteIsDeclined) {
  AgentConfig config = AgentWorld::Willing();
  config.policy.secagg = SecAggPolicy::kGroupedOk;
  AgentWorld world(config);
  world.Connect();
  world.Hear(JobOffer{GroupedManifest({"site-A"})});
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kDecline);
  EXPECT_EQ(world.Sent<JobReply>()->reason_id, errors::kPolicyNotListed.value);
}

TEST(AgentJobsTest, GroupedPlanWithoutMasksIsDeclined) {
  AgentConfig config = AgentWorld::Willing();
  config.policy.secagg = SecAggPolicy::kGroupedOk;
  AgentWorld world(config);
  world.Connect();
  world.Hear(JobOffer{GroupedManifest({"site-a"})});
  world.Plan(KeyOf(1));
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kSecAggTerms.value);
}

// What a person at the site reads before saying yes.
TEST(OfferedJobTest, MaskedJobSaysSoAndCountsItsMaskedVector) {
  const auto masked = OfferedJob::Create(MakeManifest({.secagg = SecAggMode::kFull}));
  ASSERT_TRUE(masked.ok());
  EXPECT_TRUE((*masked)->is_masked());
  EXPECT_EQ((*masked)->upload_bytes(),
            8u * (3 + 1 + 4 + 1 + 4));  // parameters, weight, check, clipped, examples
  const auto plain = OfferedJob::Create(MakeManifest());
  ASSERT_TRUE(plain.ok());
  EXPECT_FALSE((*plain)->is_masked());
  EXPECT_EQ((*plain)->upload_bytes(), 12u);
}

}  // namespace
}  // namespace cairn

#include <gtest/gtest.h>

#include "tests/unit/client/agent/agent_world.h"

namespace cairn {
namespace {

TEST(AgentRoundsTest, PlanOfAnAcceptedJobStartsWork) {
  AgentConfig config = AgentWorld::Willing();
  config.dataset_toml["cardio"] = "reader = \"csv\"\n";
  AgentWorld world(config);
  world.TakePart();
  world.Plan(KeyOf(3, 2));
  const auto* start = world.Find<StartWork>();
  ASSERT_NE(start, nullptr);
  EXPECT_EQ(start->key, KeyOf(3, 2));
  EXPECT_EQ(start->request.round, RoundId{3});
  EXPECT_EQ(start->request.attempt, 2u);
  EXPECT_EQ(start->request.dataset_toml, "reader = \"csv\"\n");
  EXPECT_NE(start->request.model, nullptr);
  EXPECT_EQ(start->request.manifest->digest, "digest-1");
}

TEST(AgentRoundsTest, MetricsAreNotEvenComputedWhereTheSiteSharesNone) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  EXPECT_FALSE(world.Find<StartWork>()->request.evaluate);
}

TEST(AgentRoundsTest, PlanOfAnUnknownJobIsRefused) {
  AgentWorld world(AgentWorld::Willing());
  world.Connect();
  world.Plan(KeyOf(1));
  ASSERT_NE(world.Sent<RoundDecline>(), nullptr);
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kPolicyNotAccepted.value);
  EXPECT_FALSE(world.Has<StartWork>());
}

TEST(AgentRoundsTest, PlanOfAPendingJobIsRefused) {
  AgentConfig config = AgentWorld::Willing();
  config.policy.approval = ApprovalMode::kManual;
  AgentWorld world(config);
  world.TakePart();
  world.Plan(KeyOf(1));
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kPolicyNotAccepted.value);
}

TEST(AgentRoundsTest, PlanOfAnotherLayoutIsRefused) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1), SmallLayout().hash + 1);
  ASSERT_NE(world.Sent<RoundDecline>(), nullptr);
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kUpdateLayout.value);
  EXPECT_FALSE(world.Has<StartWork>());
}

TEST(AgentRoundsTest, PlanWithTrainingThatWasNotApprovedIsRefused) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  RoundPlan plan;
  plan.key = KeyOf(2);
  plan.layout_hash = SmallLayout().hash;
  plan.model = world.Find<StartWork>()->request.model;
  plan.train.epochs = 1000;
  world.Hear(std::move(plan));
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kPolicyTermsChanged.value);
}

TEST(AgentRoundsTest, StrategyMaySetTheProximalTermOfARound) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  RoundPlan plan;
  plan.key = KeyOf(2);
  plan.layout_hash = SmallLayout().hash;
  plan.model = world.Find<StartWork>()->request.model;
  plan.train.proximal_mu = 0.1;
  world.Hear(std::move(plan));
  ASSERT_TRUE(world.Has<StartWork>());
  EXPECT_EQ(world.Find<StartWork>()->request.train.proximal_mu, 0.1);
}

TEST(AgentRoundsTest, DuplicatePlanDoesNotStartTheWorkTwice) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  world.Plan(KeyOf(1));
  EXPECT_TRUE(world.actions.empty());
}

TEST(AgentRoundsTest, NewAttemptKillsTheWorkOnTheOldOne) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1, 1));
  world.Plan(KeyOf(1, 2));
  EXPECT_LT(world.PlaceOf<KillWork>(), world.PlaceOf<StartWork>());
  EXPECT_EQ(world.Find<StartWork>()->key, KeyOf(1, 2));

  world.Finish(KeyOf(1, 1));  // the killed work reports its end
  EXPECT_TRUE(world.actions.empty());
  EXPECT_TRUE(world.agent.is_working());
}

TEST(AgentRoundsTest, PlanOfAnotherJobWaitsForItsTurn) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Offer({.id = 2, .name = "cardio-two", .digest = "digest-2"});
  world.Plan(KeyOf(1));
  world.Plan(KeyOf(5, 1, 2));
  EXPECT_FALSE(world.Has<KillWork>());
  EXPECT_FALSE(world.Has<StartWork>());
  world.Finish(KeyOf(1));
  ASSERT_TRUE(world.Has<StartWork>());
  EXPECT_EQ(world.Find<StartWork>()->key, KeyOf(5, 1, 2));
  // A failing store drops what follows the record, never the other job's start.
  EXPECT_LT(world.PlaceOf<StartWork>(), world.PlaceOf<PersistAgent>());
  EXPECT_NE(world.Sent<Report>(), nullptr);
}

TEST(AgentRoundsTest, SealedReportIsPersistedBeforeItIsSent) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  world.Finish(KeyOf(1));
  ASSERT_NE(world.Persisted<ReportSealed>(), nullptr);
  ASSERT_NE(world.Sent<Report>(), nullptr);
  EXPECT_LT(world.PlaceOf<PersistAgent>(), world.PlaceOf<SendToServer>());
  EXPECT_EQ(world.Sent<Report>()->key, KeyOf(1));
  EXPECT_EQ(world.Sent<Report>()->examples, 100);
}

TEST(AgentRoundsTest, ReportThatIsNotDurableIsWithheldAndTheRoundDeclined) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  world.Finish(KeyOf(1));
  world.Do(AgentActionFailed{Status(errors::kStorageFull, "no space")});
  EXPECT_EQ(world.Sent<Report>(), nullptr);
  ASSERT_NE(world.Sent<RoundDecline>(), nullptr);
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kStorageFull.value);
  EXPECT_EQ(world.agent.jobs()[0].held, nullptr);
}

TEST(AgentRoundsTest, FailedWorkDeclinesTheRoundWithItsReason) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  world.Do(WorkDone{KeyOf(1), Status(errors::kWorkerCrashed, "worker ended by signal 9")});
  ASSERT_NE(world.Sent<RoundDecline>(), nullptr);
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kWorkerCrashed.value);
  EXPECT_FALSE(world.agent.is_working());
}

TEST(AgentRoundsTest, WordsOfTheWorkerStayAtTheSite) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  world.Do(
      WorkDone{KeyOf(1), Status(errors::kCsvNumber, "/srv/rows.csv:3:1: expected a number, got 'Schmidt'")});
  ASSERT_NE(world.Sent<RoundDecline>(), nullptr);
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kCsvNumber.value);
  EXPECT_EQ(world.Sent<RoundDecline>()->reason, FindError(errors::kCsvNumber)->what);
  bool told = false;
  for (const AgentAction& action : world.actions) {
    const auto* event = std::get_if<EmitEvent>(&action);
    if (event == nullptr || event->error != errors::kCsvNumber) continue;
    told = true;
    EXPECT_NE(event->detail.find("/srv/rows.csv:3:1"), std::string::npos) << event->detail;
    EXPECT_EQ(event->detail.find("Schmidt"), std::string::npos) << event->detail;
  }
  EXPECT_TRUE(told);
}

TEST(AgentRoundsTest, PlanAskedAgainIsAnsweredWithTheSameReportWithoutTraining) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  world.Finish(KeyOf(1));
  const UpdateHandle first = world.Sent<Report>()->update;
  world.Plan(KeyOf(1));
  EXPECT_FALSE(world.Has<StartWork>());
  ASSERT_NE(world.Sent<Report>(), nullptr);
  EXPECT_EQ(world.Sent<Report>()->update, first);
}

TEST(AgentRoundsTest, ReportMadeWhileTheLinkWasDownIsSentOnceTheJobIsOfferedAgain) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  world.Do(ChannelClosed{Status(errors::kNetLost, "lost")});
  EXPECT_FALSE(world.Has<KillWork>());  // the work goes on
  world.Finish(KeyOf(1));
  EXPECT_NE(world.Persisted<ReportSealed>(), nullptr);
  EXPECT_FALSE(world.Has<SendToServer>());

  world.Do(AgentTimerFired{ClientAgent::kLinkTimer});
  world.Connect();
  world.Offer();
  ASSERT_NE(world.Sent<Report>(), nullptr);
  EXPECT_EQ(world.Sent<Report>()->key, KeyOf(1));
}

TEST(AgentRoundsTest, RestartedAgentSendsTheStoredReportInsteadOfTrainingAgain) {
  AgentSnapshot snapshot;
  snapshot.reports.push_back(std::make_shared<SealedReport>(Sealed(KeyOf(4))));
  AgentWorld world(AgentWorld::Willing(), std::move(snapshot));
  world.TakePart();
  EXPECT_NE(world.Sent<Report>(), nullptr);
  world.Plan(KeyOf(4));
  EXPECT_FALSE(world.Has<StartWork>());
  ASSERT_NE(world.Sent<Report>(), nullptr);
  EXPECT_EQ(world.Sent<Report>()->key, KeyOf(4));
}

TEST(AgentRoundsTest, ReceiptKeepsTheReportUntilTheRoundIsClosed) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  world.Finish(KeyOf(1));
  world.Hear(ReportReceipt{KeyOf(1), ReportOutcome::kAccepted, 0, ""});
  EXPECT_NE(world.agent.jobs()[0].held, nullptr);
  world.Offer();  // reconnected: the aggregator has it already
  EXPECT_EQ(world.Sent<Report>(), nullptr);
  world.Hear(RoundClosed{KeyOf(1), true});
  EXPECT_EQ(world.agent.jobs()[0].held, nullptr);
  ASSERT_NE(world.Persisted<ReportReleased>(), nullptr);
  EXPECT_EQ(world.Persisted<ReportReleased>()->key, KeyOf(1));
}

TEST(AgentRoundsTest, ReportThatCameTooLateIsReleasedAtOnce) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  world.Finish(KeyOf(1));
  world.Hear(ReportReceipt{KeyOf(1), ReportOutcome::kLate, 0, ""});
  EXPECT_EQ(world.agent.jobs()[0].held, nullptr);
  EXPECT_NE(world.Persisted<ReportReleased>(), nullptr);
}

TEST(AgentRoundsTest, ClosedRoundKillsTheWorkOnIt) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(2));
  world.Hear(RoundClosed{KeyOf(1), true});  // an older one: no matter
  EXPECT_FALSE(world.Has<KillWork>());
  world.Hear(RoundClosed{KeyOf(2), false});
  EXPECT_TRUE(world.Has<KillWork>());
  EXPECT_FALSE(world.agent.is_working());
}

TEST(AgentRoundsTest, ReportIsMovedIntoTheMessageWhereTheChannelCannotLoseIt) {
  AgentConfig config = AgentWorld::Willing();
  config.keeping = ReportKeeping::kUntilSent;
  AgentWorld world(config);
  world.TakePart();
  world.Plan(KeyOf(1));
  world.Finish(KeyOf(1));
  EXPECT_EQ(world.Persisted<ReportSealed>(), nullptr);
  ASSERT_NE(world.Sent<Report>(), nullptr);
  EXPECT_EQ(world.Sent<Report>()->update.use_count(), 1);
}

TEST(AgentRoundsTest, AgentWokenInsideASessionWorksAtOnce) {
  AgentSnapshot snapshot;
  auto offered = OfferedJob::Create(MakeManifest());
  snapshot.accepted_jobs = {*offered};
  snapshot.is_connected = true;
  AgentWorld world(AgentWorld::Willing(), std::move(snapshot));
  world.Plan(KeyOf(1));
  EXPECT_TRUE(world.Has<StartWork>());
}

TEST(AgentRoundsTest, AnAgentIsSmall) { EXPECT_LE(sizeof(ClientAgent), 256u); }

TEST(AgentRoundsTest, EqualEventsGiveEqualActions) {
  const auto run = [] {
    AgentWorld world(AgentWorld::Willing());
    std::vector<std::size_t> kinds;
    world.TakePart();
    for (const auto& action : world.actions) kinds.push_back(action.index());
    world.Do(ChannelClosed{Status(errors::kNetLost, "lost")});
    kinds.push_back(static_cast<std::size_t>((world.Find<SetAgentTimer>()->at - world.now).count()));
    return kinds;
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace cairn

#include "client/agent/agent_driver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "core/runtime/files.h"
#include "tests/unit/client/agent/driver_world.h"

namespace cairn {
namespace {

TEST(AgentDriverTest, OneRoundGoesFromPlanToSealedReport) {
  DriverWorld world;
  world.TakePart();
  EXPECT_EQ(world.channel.learned.at(JobId{1}), SmallLayout().hash);
  world.Plan(KeyOf(1));
  ASSERT_EQ(world.worker.started.size(), 1u);
  EXPECT_EQ(world.worker.started[0].dataset_toml, "reader = \"csv\"\n");
  world.FinishWork();
  const auto* report = world.channel.Last<Report>();
  ASSERT_NE(report, nullptr);
  EXPECT_EQ(report->key, KeyOf(1));
  EXPECT_EQ(report->examples, 100);
}

TEST(AgentDriverTest, WhatLeavesIsInTheLogBeforeItIsSent) {
  DriverWorld world;
  world.TakePart();
  world.Plan(KeyOf(1));
  world.memory->next_failure = Status(errors::kStorageFull, "no space");
  world.FinishWork();
  EXPECT_EQ(world.channel.Last<Report>(), nullptr);
  ASSERT_NE(world.channel.Last<RoundDecline>(), nullptr);
  EXPECT_EQ(world.channel.Last<RoundDecline>()->reason_id, errors::kStorageFull.value);
  EXPECT_TRUE(world.store->EgressSince({}).empty());
}

TEST(AgentDriverTest, UpdateThatIsNotFiniteNeverReachesTheChannel) {
  DriverWorld world;
  world.TakePart();
  world.Plan(KeyOf(1));
  world.FinishWork(MakeWork({1, std::numeric_limits<float>::quiet_NaN(), 3}));
  EXPECT_EQ(world.channel.Last<Report>(), nullptr);
  ASSERT_NE(world.channel.Last<RoundDecline>(), nullptr);
  EXPECT_EQ(world.channel.Last<RoundDecline>()->reason_id, errors::kUpdateNotFinite.value);
}

TEST(AgentDriverTest, WorkersErrorDeclinesTheRound) {
  DriverWorld world;
  world.TakePart();
  world.Plan(KeyOf(1));
  world.FinishWork(Status(errors::kWorkerCrashed, "worker ended by signal 9"));
  ASSERT_NE(world.channel.Last<RoundDecline>(), nullptr);
  EXPECT_EQ(world.channel.Last<RoundDecline>()->reason_id, errors::kWorkerCrashed.value);
}

TEST(AgentDriverTest, NewWorkWaitsUntilTheKilledWorkHasEnded) {
  DriverWorld world;
  world.TakePart();
  world.Plan(KeyOf(1, 1));
  world.Plan(KeyOf(1, 2));
  EXPECT_EQ(world.worker.killed, 1);
  EXPECT_EQ(world.worker.started.size(), 1u);
  world.FinishWork();  // the killed one: its result is dropped
  EXPECT_EQ(world.channel.Last<Report>(), nullptr);
  ASSERT_EQ(world.worker.started.size(), 2u);
  EXPECT_EQ(world.worker.started[1].attempt, 2u);
  world.FinishWork();
  ASSERT_NE(world.channel.Last<Report>(), nullptr);
  EXPECT_EQ(world.channel.Last<Report>()->key, KeyOf(1, 2));
}

TEST(AgentDriverTest, RoundClosedDuringSealingLeavesNothingBehind) {
  DriverWorld world;
  world.TakePart();
  world.Plan(KeyOf(1));
  world.worker.handler->OnDone(MakeWork());
  world.channel.handler->OnMessage(RoundClosed{KeyOf(1), false});
  world.Settle();
  EXPECT_EQ(world.channel.Last<Report>(), nullptr);
  EXPECT_TRUE(world.memory->reports.empty());
}

TEST(AgentDriverTest, RestartedAgentSendsTheSameBytesAgain) {
  const auto memory = std::make_shared<DriverWorld::Memory>();
  std::vector<std::byte> first(SmallLayout().byte_size()), second(first.size());
  {
    DriverWorld world(memory);
    world.TakePart();
    world.Plan(KeyOf(1));
    world.FinishWork();
    MaterializeUpdate(world.channel.Last<Report>()->update->view(), first);
  }
  DriverWorld world(memory);
  world.TakePart();
  world.Plan(KeyOf(1));
  EXPECT_TRUE(world.worker.started.empty());
  ASSERT_NE(world.channel.Last<Report>(), nullptr);
  MaterializeUpdate(world.channel.Last<Report>()->update->view(), second);
  EXPECT_EQ(first, second);
  EXPECT_EQ(world.channel.Last<Report>()->update->view().weight, 0.5);
}

TEST(AgentDriverTest, ProgressReachesTheHeartbeat) {
  DriverWorld world;
  world.driver.Start();
  world.channel.handler->OnOpen();
  Welcome welcome;
  welcome.heartbeat = std::chrono::seconds(15);
  world.Hear(welcome);
  world.Hear(JobOffer{MakeManifest()});
  world.Plan(KeyOf(1));
  world.worker.handler->OnProgress({23});
  world.Settle();
  world.driver.OnTimer(ClientAgent::kHeartbeatTimer);
  ASSERT_NE(world.channel.Last<Heartbeat>(), nullptr);
  EXPECT_EQ(world.channel.Last<Heartbeat>()->progress, 1);
}

TEST(AgentDriverTest, StopEndsOnceTheWorkerIsGoneAndTheChannelClosed) {
  DriverWorld world;
  world.TakePart();
  world.Plan(KeyOf(1));
  world.driver.Stop();
  world.Settle();
  EXPECT_EQ(world.worker.killed, 1);
  EXPECT_TRUE(world.ended.empty());  // the worker lives
  world.FinishWork(Status(errors::kWorkerCrashed, "killed"));
  ASSERT_EQ(world.ended.size(), 1u);
  EXPECT_TRUE(world.ended[0].ok());
}

TEST(AgentDriverTest, StopDoesNotWaitForEver) {
  DriverWorld world;
  world.TakePart();
  world.Plan(KeyOf(1));
  world.driver.Stop();
  world.Settle();
  ASSERT_TRUE(world.timers.pending.contains(TimerId{9}));
  world.driver.OnTimer(TimerId{9});
  EXPECT_EQ(world.ended.size(), 1u);
}

TEST(AgentDriverTest, RefusalForGoodEndsTheAgentWithItsReason) {
  DriverWorld world;
  world.driver.Start();
  world.channel.handler->OnOpen();
  world.Hear(Refusal{errors::kNetVersion.value, "too old", 2, 2});
  ASSERT_EQ(world.ended.size(), 1u);
  EXPECT_EQ(world.ended[0].id(), errors::kNetVersion);
}

AgentDriverConfig Manual() {
  AgentDriverConfig config = DriverWorld::Willing();
  config.client.policy.approval = ApprovalMode::kManual;
  return config;
}

TEST(AgentDriverTest, PersonApprovesAJobAndTheLogSaysWho) {
  DriverWorld world(std::make_shared<DriverWorld::Memory>(), Manual());
  world.TakePart();
  EXPECT_EQ(world.channel.Last<JobReply>()->answer, JobAnswer::kPending);
  EXPECT_NE(world.driver.HandleAdmin(R"({"command":"jobs"})", "uid 1000").find("asks for approval"),
            std::string::npos);
  const std::string answer =
      world.driver.HandleAdmin(R"({"command":"approve","job":"digest-1"})", "uid 1000");
  EXPECT_NE(answer.find("\"ok\""), std::string::npos) << answer;
  EXPECT_EQ(world.channel.Last<JobReply>()->answer, JobAnswer::kAccept);
  const AgentSnapshot stored = world.store->Load();
  ASSERT_EQ(stored.approvals.size(), 1u);
  EXPECT_EQ(stored.approvals[0],
            (JobApproval{"digest-1", "cardio-risk", ApprovalDecision::kApproved, "uid 1000"}));
}

TEST(AgentDriverTest, ApprovalThatCannotBeStoredIsAnError) {
  DriverWorld world(std::make_shared<DriverWorld::Memory>(), Manual());
  world.TakePart();
  world.memory->next_failure = Status(errors::kStorageFull, "no space");
  const std::string answer =
      world.driver.HandleAdmin(R"({"command":"approve","job":"cardio-risk"})", "uid 1000");
  EXPECT_NE(answer.find("CAIRN-8103"), std::string::npos) << answer;
  EXPECT_EQ(world.channel.Last<JobReply>()->answer, JobAnswer::kPending);
}

TEST(AgentDriverTest, WithdrawalKillsTheWorkAtOnce) {
  DriverWorld world;
  world.TakePart();
  world.Plan(KeyOf(1));
  world.driver.HandleAdmin(R"({"command":"withdraw","job":"1"})", "uid 0");
  EXPECT_EQ(world.worker.killed, 1);
  EXPECT_EQ(world.channel.Last<JobReply>()->reason_id, errors::kPolicyWithdrawn.value);
}

TEST(AgentDriverTest, ReloadedPolicyJudgesEveryJobAgain) {
  DriverWorld world;
  world.TakePart();
  world.Plan(KeyOf(1));
  ClientConfig stricter = DriverWorld::Willing().client;
  stricter.policy.min_cohort = 10;
  world.driver.Reload(stricter);
  EXPECT_EQ(world.worker.killed, 1);
  EXPECT_EQ(world.channel.Last<JobReply>()->reason_id, errors::kPolicyCohort.value);
  world.FinishWork();
  EXPECT_EQ(world.channel.Last<Report>(), nullptr);
  world.driver.Reload(DriverWorld::Willing().client);
  EXPECT_EQ(world.channel.Last<JobReply>()->answer, JobAnswer::kAccept);
}

TEST(AgentDriverTest, AdminRequestsThatMeanNothingAreRefused) {
  DriverWorld world;
  world.TakePart();
  for (const char* request :
       {"", "[]", "{", "{\"command\":7}", "{\"command\":\"format\"}", "{\"command\":\"approve\"}",
        "{\"command\":\"approve\",\"job\":\"none\"}", "{\"command\":\"approve\",\"job\":\"dig\"}"}) {
    EXPECT_NE(world.driver.HandleAdmin(request, "uid 0").find("\"error\""), std::string::npos) << request;
  }
}

TEST(AgentDriverTest, StatusFileTellsWhatLeftToday) {
  auto folder = TempFolder::Create(testing::TempDir());
  ASSERT_TRUE(folder.ok());
  AgentDriverConfig config = DriverWorld::Willing();
  config.status_file = folder->path() / "status.json";
  DriverWorld world(std::make_shared<DriverWorld::Memory>(), config);
  world.TakePart();
  world.Plan(KeyOf(3));
  world.FinishWork();
  ASSERT_TRUE(world.timers.pending.contains(TimerId{8}));
  world.driver.OnTimer(TimerId{8});
  const auto text = ReadFile(config.status_file, 1 << 20);
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text->find("\"state\":\"connected\""), std::string::npos) << *text;
  EXPECT_NE(text->find("\"left_today\":{\"objects\":1,\"bytes\":12,"), std::string::npos) << *text;
  EXPECT_NE(text->find("\"destination\":\"agg:1\""), std::string::npos) << *text;
  EXPECT_NE(text->find("\"masked\":false"), std::string::npos) << *text;

  world.wall_clock.now += std::chrono::hours(24);
  EXPECT_NE(world.driver.HandleAdmin(R"({"command":"status"})", "").find("\"left_today\":{\"objects\":0"),
            std::string::npos);
}

TEST(AgentDriverTest, PlainUpdatesAreAWarning) {
  DriverWorld world;
  world.TakePart();
  const auto& names = world.events.names;
  EXPECT_NE(std::find(names.begin(), names.end(), "agent.updates_leave_unmasked"), names.end());
}

}  // namespace
}  // namespace cairn

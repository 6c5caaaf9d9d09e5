#include "aggregator/engine/job_engine.h"

#include <cmath>

#include "tests/unit/aggregator/engine/engine_fixture.h"

namespace cairn {
namespace {

class JobEngineTest : public testing::Test, public JobScript {};

TEST_F(JobEngineTest, JobWaitsUntilEnoughSitesAccepted) {
  Begin();
  Join(11, "site-a");
  EXPECT_EQ(engine->phase(), JobEngine::Phase::kRecruiting);
  Join(12, "site-b");
  EXPECT_EQ(engine->phase(), JobEngine::Phase::kRound);
  EXPECT_EQ(Sent<RoundPlan>().size(), 2u);
}

TEST_F(JobEngineTest, ParticipantsAreNumberedByNameNotByArrival) {
  Begin();
  Join(11, "site-b");
  Join(12, "site-a");
  ClientId a, b;
  ASSERT_TRUE(engine->population().Find("site-a", &a));
  ASSERT_TRUE(engine->population().Find("site-b", &b));
  EXPECT_EQ(a.value, 0u);
  EXPECT_EQ(b.value, 1u);
}

TEST_F(JobEngineTest, ParticipantsAndRoundAreDurableBeforeAnyPlanLeaves) {
  Begin();
  Join(11, "site-a");
  Join(12, "site-b");
  EXPECT_EQ(Records<ParticipantFixed>().size(), 2u);
  EXPECT_EQ(Records<RoundOpened>().size(), 1u);
  std::size_t last_persist = 0;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    if (std::holds_alternative<Persist>(actions[i])) last_persist = i;
  }
  EXPECT_LT(last_persist, IndexOf<Send>());
}

TEST_F(JobEngineTest, CommitIsDurableBeforeItIsPublished) {
  Begin();
  Join(11, "site-a");
  Join(12, "site-b");
  Report(11, Key(1));
  Report(12, Key(1));
  EXPECT_EQ(All<cairn::Finish>().size(), 1u);
  Finish(Key(1));
  ASSERT_EQ(Records<RoundCommitted>().size(), 1u);
  EXPECT_LT(IndexOf<Persist>(), IndexOf<Publish>());
  EXPECT_EQ(engine->rounds_done(), 1u);
  EXPECT_EQ(Sent<RoundPlan>().size(), 2u);  // round 2
}

TEST_F(JobEngineTest, JobEndsAfterItsRounds) {
  Begin();
  Join(11, "site-a");
  Join(12, "site-b");
  for (const std::uint64_t round : {1, 2}) {
    Report(11, Key(round));
    Report(12, Key(round));
    Finish(Key(round));
  }
  ASSERT_TRUE(engine->end().has_value());
  EXPECT_EQ(engine->end()->outcome, JobOutcome::kFinished);
  EXPECT_EQ(Sent<JobEnded>().size(), 2u);
}

TEST_F(JobEngineTest, EvaluationRoundFollowsTheLastTrainingRound) {
  spec.strategy.rounds = 1;
  spec.evaluate.federated = true;
  Begin();
  Join(11, "site-a");
  Join(12, "site-b");
  Report(11, Key(1));
  Report(12, Key(1));
  Finish(Key(1));
  const auto plans = Sent<RoundPlan>();
  ASSERT_EQ(plans.size(), 2u);
  EXPECT_EQ(plans[0].second.kind, RoundKind::kEvaluate);
  EXPECT_EQ(plans[0].second.key, Key(2));
}

TEST_F(JobEngineTest, JobFinishesThoughNoSiteWillMeasureItsModel) {
  spec.strategy.rounds = 1;
  spec.evaluate.federated = true;
  Begin();
  Join(11, "site-a");
  Join(12, "site-b");
  Report(11, Key(1));
  Report(12, Key(1));
  Finish(Key(1));
  for (const std::uint64_t session : {11, 12}) {
    Step(Received{SessionId{session}, RoundDecline{Key(2), 3211, "metrics are not shared"}});
  }
  ASSERT_TRUE(engine->end().has_value());
  EXPECT_EQ(engine->end()->outcome, JobOutcome::kFinished);
}

TEST_F(JobEngineTest, AbandonedAttemptIsTriedAgainUntilTheLimit) {
  spec.cohort.max_attempts = 2;
  Begin();
  Join(11, "site-a");
  Join(12, "site-b");
  Step(Received{SessionId{11}, RoundDecline{Key(1), 7103, "worker crashed"}});
  Report(12, Key(1));
  EXPECT_EQ(Sent<RoundPlan>().front().second.key, Key(1, 2));
  Step(Received{SessionId{11}, RoundDecline{Key(1, 2), 7103, "worker crashed"}});
  Report(12, Key(1, 2));
  ASSERT_TRUE(engine->end().has_value());
  EXPECT_EQ(engine->end()->outcome, JobOutcome::kFailed);
  EXPECT_EQ(engine->end()->reason_id, errors::kRoundAbandoned.value);
}

TEST_F(JobEngineTest, SiteThatSaysNoInTheMiddleOfAJobIsLeftOutUntilItSaysYesAgain) {
  spec.strategy.rounds = 4;
  spec.cohort.min_reports = 2;
  Begin();
  Join(11, "site-a");
  Join(12, "site-b");
  Step(Joined{SessionId{13}, "site-c"});
  Step(Received{SessionId{13}, JobReply{JobId{7}, JobAnswer::kAccept, 0, ""}});
  Report(11, Key(1));
  Report(12, Key(1));
  Finish(Key(1));
  ASSERT_EQ(Sent<RoundPlan>().size(), 3u);  // round 2, with all three
  Step(Received{SessionId{13}, JobReply{JobId{7}, JobAnswer::kDecline, 6206, "spent"}});
  Report(11, Key(2));
  Report(12, Key(2));
  EXPECT_EQ(All<cairn::Finish>().size(), 1u);  // nobody waits for the third
  Finish(Key(2));
  EXPECT_EQ(Sent<RoundPlan>().size(), 2u);
  Step(Received{SessionId{13}, JobReply{JobId{7}, JobAnswer::kAccept, 0, ""}});
  Report(11, Key(3));
  Report(12, Key(3));
  Finish(Key(3));
  EXPECT_EQ(Sent<RoundPlan>().size(), 3u);
}

TEST_F(JobEngineTest, ReturningSiteGetsTheSameAttemptAgain) {
  Begin();
  Join(11, "site-a");
  Join(12, "site-b");
  Step(Left{SessionId{11}});
  Join(13, "site-a");
  const auto plans = Sent<RoundPlan>();
  ASSERT_EQ(plans.size(), 1u);
  EXPECT_EQ(plans[0].first, 13u);
  EXPECT_EQ(plans[0].second.key, Key(1));
  EXPECT_EQ(plans[0].second.client, ClientId{0});
}

TEST_F(JobEngineTest, RestoredJobResumesTheOpenAttemptWithItsCohort) {
  Begin();
  Join(11, "site-a");
  Join(12, "site-b");
  JobSnapshot snapshot;
  snapshot.manifest = Manifest();
  snapshot.participants = {"site-a", "site-b"};
  snapshot.open = std::make_shared<RoundOpened>(Records<RoundOpened>().front());
  auto restored = JobEngine::Restore(snapshot, MakeModelVersion(ParameterSet(Model())), Parts());
  ASSERT_TRUE(restored.ok());
  engine = std::move(*restored);

  Join(21, "site-b");
  auto plans = Sent<RoundPlan>();
  ASSERT_EQ(plans.size(), 1u);
  EXPECT_EQ(plans[0].second.key, Key(1));
  EXPECT_EQ(plans[0].second.client, ClientId{1});
  EXPECT_TRUE(Records<RoundOpened>().empty()) << "the attempt is on record already";
  Join(22, "site-a");
  plans = Sent<RoundPlan>();
  ASSERT_EQ(plans.size(), 1u);
  EXPECT_EQ(plans[0].second.client, ClientId{0});
}

class ClientPrivacyJobTest : public JobEngineTest {
 protected:
  ClientPrivacyJobTest() {
    spec.secagg.mode = SecAggMode::kFull;
    spec.cohort.min_clients = 3;
    spec.strategy.weight_by_examples = false;
    PrivacyTerms& terms = spec.privacy.emplace();
    terms.unit = PrivacyUnit::kClient;
    terms.mechanism = PrivacyTerms::Mechanism::kCentral;
    terms.clip = 0.5;
    terms.clip_quantile = 0.5;
  }
  void JoinThree(std::uint64_t first = 11) {
    Join(first, "site-a");
    Join(first + 1, "site-b");
    Join(first + 2, "site-c");
  }
  void ReportWords(std::uint64_t session, RoundKey key) {
    cairn::Report report;
    report.key = key;
    report.layout_hash = engine->layout().hash;
    report.ring = std::make_shared<RingMemory>(
        MaskedLayoutOf(engine->manifest(), engine->layout(), RoundKind::kTrain).byte_size());
    Step(Received{SessionId{session}, std::move(report)});
  }
};

TEST_F(ClientPrivacyJobTest, ARestartGoesOnWithTheClipOfTheRoundBefore) {
  Begin();
  JoinThree();
  EXPECT_EQ(Sent<RoundPlan>().front().second.clip, 0.5);
  for (const std::uint64_t session : {11, 12, 13}) ReportWords(session, Key(1));
  Step(Finished{Key(1), engine->model(), {}, OpenedCounts{}, {}, 1.0});  // everybody was within it
  const RoundSummary summary = Records<RoundCommitted>().front().summary;
  EXPECT_EQ(summary.clip, 0.5);
  EXPECT_DOUBLE_EQ(summary.next_clip, 0.5 * std::exp(-0.1));
  EXPECT_EQ(Sent<RoundPlan>().front().second.clip, summary.next_clip);

  JobSnapshot snapshot;
  snapshot.manifest = Manifest();
  snapshot.participants = {"site-a", "site-b", "site-c"};
  snapshot.committed = {summary};
  engine = std::move(JobEngine::Restore(snapshot, MakeModelVersion(ParameterSet(Model())), Parts()).value());
  JoinThree(21);
  EXPECT_EQ(Sent<RoundPlan>().front().second.clip, summary.next_clip);
}

TEST_F(ClientPrivacyJobTest, ACommitThatIsUndoneTakesItsClipBack) {
  Begin();
  JoinThree();
  for (const std::uint64_t session : {11, 12, 13}) ReportWords(session, Key(1));
  Step(Finished{Key(1), engine->model(), {}, OpenedCounts{}, {}, 1.0});
  const auto commit = Records<RoundCommitted>().front();
  Step(ActionFailed{Status(errors::kStorageFull, "no space"), Record{JobId{7}, commit}});
  Step(TimerFired{All<SetTimer>().front().timer});
  EXPECT_EQ(Sent<RoundPlan>().front().second.clip, 0.5);
}

TEST_F(ClientPrivacyJobTest, TheNoiseIsAskedForWithTheSumAndNotByJobsWhoseSitesAddIt) {
  for (const auto mechanism : {PrivacyTerms::Mechanism::kCentral, PrivacyTerms::Mechanism::kDistributed}) {
    spec.privacy->mechanism = mechanism;
    Begin();
    JoinThree();
    for (const std::uint64_t session : {11, 12, 13}) ReportWords(session, Key(1));
    ASSERT_EQ(All<cairn::Finish>().size(), 1u);
    EXPECT_EQ(All<cairn::Finish>().front().central.has_value(),
              mechanism == PrivacyTerms::Mechanism::kCentral);
  }
}

// The process died between the release and its record: the attempt is used up, the job is not.
TEST_F(ClientPrivacyJobTest, AnAttemptWhoseNoiseWasUsedUpIsFollowedByAnother) {
  Begin();
  JoinThree();
  Step(ActionFailed{Status(errors::kPrivacyRevealed, "released"), Record{JobId{7}, {}}});
  EXPECT_FALSE(engine->end().has_value());
  Step(TimerFired{All<SetTimer>().front().timer});
  EXPECT_EQ(Sent<RoundPlan>().front().second.key, Key(1, 2));
}

TEST_F(ClientPrivacyJobTest, AClipThatNoNoiseCanFollowStays) {
  spec.privacy->clip = 1024;  // the largest
  spec.privacy->clip_lr = 10;
  Begin();
  JoinThree();
  for (const std::uint64_t session : {11, 12, 13}) ReportWords(session, Key(1));
  Step(Finished{Key(1), engine->model(), {}, OpenedCounts{}, {}, -1e6});
  EXPECT_EQ(Records<RoundCommitted>().front().summary.next_clip, 1024);
}

TEST_F(ClientPrivacyJobTest, ABudgetThatIsSpentEndsTheJobAtOnce) {
  Begin();
  JoinThree();
  Step(ActionFailed{Status(errors::kPrivacyBudget, "spent"), Record{JobId{7}, {}}});
  ASSERT_TRUE(engine->end().has_value());
  EXPECT_EQ(engine->end()->reason_id, errors::kPrivacyBudget.value);
}

TEST_F(JobEngineTest, FailedCommitIsUndoneAndTriedAgain) {
  Begin();
  Join(11, "site-a");
  Join(12, "site-b");
  Report(11, Key(1));
  Report(12, Key(1));
  Finish(Key(1));
  const auto commit = Records<RoundCommitted>();
  ASSERT_EQ(commit.size(), 1u);
  Step(ActionFailed{Status(errors::kStorageFull, "no space"), Record{JobId{7}, commit.front()}});
  EXPECT_EQ(engine->rounds_done(), 0u);
  const auto timers = All<SetTimer>();
  ASSERT_EQ(timers.size(), 1u);
  Step(TimerFired{timers[0].timer});
  EXPECT_EQ(Sent<RoundPlan>().size(), 2u);
  EXPECT_EQ(Sent<RoundPlan>().front().second.key.round, RoundId{1});
}

TEST_F(JobEngineTest, StopLetsTheOpenRoundEndUnlessItIsNow) {
  Begin();
  Join(11, "site-a");
  Join(12, "site-b");
  Step(StopRequested{false, "asked by alice"});
  EXPECT_FALSE(engine->end().has_value());
  Report(11, Key(1));
  Report(12, Key(1));
  Finish(Key(1));
  ASSERT_TRUE(engine->end().has_value());
  EXPECT_EQ(engine->end()->outcome, JobOutcome::kStopped);
  EXPECT_EQ(engine->rounds_done(), 1u);
}

TEST_F(JobEngineTest, StopNowAbandonsTheOpenRound) {
  Begin();
  Join(11, "site-a");
  Join(12, "site-b");
  Step(StopRequested{true, "asked by alice"});
  ASSERT_TRUE(engine->end().has_value());
  EXPECT_EQ(Sent<RoundClosed>().size(), 2u);
}

// A sum that failed its checks, as the driver says it.
class FailedSumTest : public testing::Test, public JobScript {
 protected:
  FailedSumTest() { spec.cohort.max_attempts = 2; }
  void FailSum() {
    Step(ActionFailed{Status(errors::kSecAggUnmasked, "element 3 is too large"), {JobId{7}, {}}});
  }
  // The next attempt is open afterwards.
  void FailSumAndGoOn() {
    FailSum();
    const auto timers = All<SetTimer>();
    ASSERT_EQ(timers.size(), 1u);
    Step(TimerFired{timers[0].timer});
  }
  void Start() {
    Begin();
    Join(11, "site-a");
    Join(12, "site-b");
  }
};

TEST_F(FailedSumTest, SecondOneOfARoundPausesTheJobInsteadOfFailingIt) {
  Start();
  FailSumAndGoOn();
  EXPECT_EQ(engine->phase(), JobEngine::Phase::kRound);
  FailSum();
  EXPECT_EQ(engine->phase(), JobEngine::Phase::kPaused);
  const auto paused = Records<JobPaused>();
  ASSERT_EQ(paused.size(), 1u);
  EXPECT_EQ(paused[0].key, Key(1, 2));
  EXPECT_EQ(paused[0].reason_id, errors::kSecAggUnmasked.value);
  EXPECT_EQ(All<PauseJob>().size(), 1u);
  EXPECT_LT(IndexOf<Persist>(), IndexOf<PauseJob>());
  EXPECT_TRUE(Sent<JobEnded>().empty());
  EXPECT_FALSE(engine->end().has_value());
}

TEST_F(FailedSumTest, PauseThatCannotBeRecordedIsTriedAgainWithTheNextAttempt) {
  spec.cohort.max_attempts = 5;
  Start();
  FailSumAndGoOn();
  FailSum();
  const JobPaused record = Records<JobPaused>().at(0);
  Step(ActionFailed{Status(errors::kStorageFull, "no space"), {JobId{7}, record}});
  EXPECT_EQ(engine->phase(), JobEngine::Phase::kWaiting);
  Step(TimerFired{All<SetTimer>().at(0).timer});
  FailSum();
  EXPECT_EQ(Records<JobPaused>().size(), 1u);
}

TEST_F(FailedSumTest, WhereNobodyCouldResumeItTheJobFails) {
  can_pause = false;
  Start();
  FailSumAndGoOn();
  FailSum();
  ASSERT_TRUE(engine->end().has_value());
  EXPECT_EQ(engine->end()->outcome, JobOutcome::kFailed);
}

TEST_F(FailedSumTest, SumsAreCountedARoundEach) {
  Start();
  FailSumAndGoOn();
  Report(11, Key(1, 2));
  Report(12, Key(1, 2));
  Finish(Key(1, 2));
  FailSum();
  EXPECT_NE(engine->phase(), JobEngine::Phase::kPaused);
}

TEST_F(FailedSumTest, ResumedJobGoesOnWithANewAttemptAndAllItsTries) {
  spec.cohort.max_attempts = 2;
  JobSnapshot snapshot;
  snapshot.manifest = Manifest();
  snapshot.participants = {"site-a", "site-b"};
  snapshot.resumed = Key(1, 2);
  engine = *JobEngine::Restore(snapshot, MakeModelVersion(ParameterSet(Model())), Parts());
  Join(11, "site-a");
  Join(12, "site-b");
  ASSERT_EQ(Records<RoundOpened>().size(), 1u);
  EXPECT_EQ(Records<RoundOpened>()[0].key, Key(1, 3));
  for (const std::uint32_t attempt : {3u, 4u}) {
    EXPECT_FALSE(engine->end().has_value());
    Step(Received{SessionId{11}, RoundDecline{Key(1, attempt), 7103, "worker crashed"}});
    Report(12, Key(1, attempt));
  }
  ASSERT_TRUE(engine->end().has_value());
  EXPECT_EQ(engine->end()->outcome, JobOutcome::kFailed);
}

TEST_F(FailedSumTest, RestartAfterTheResumedAttemptOpenedCountsFromThereToo) {
  JobSnapshot snapshot;
  snapshot.manifest = Manifest();
  snapshot.participants = {"site-a", "site-b"};
  snapshot.resumed = Key(1, 2);
  RoundOpened opened;
  opened.key = Key(1, 3);
  opened.invited = {ClientId{0}, ClientId{1}};
  opened.goal = opened.min_reports = 2;
  snapshot.open = std::make_shared<RoundOpened>(opened);
  engine = *JobEngine::Restore(snapshot, MakeModelVersion(ParameterSet(Model())), Parts());
  Join(11, "site-a");
  Join(12, "site-b");
  Step(Received{SessionId{11}, RoundDecline{Key(1, 3), 7103, "worker crashed"}});
  Report(12, Key(1, 3));
  EXPECT_EQ(Sent<RoundPlan>().front().second.key, Key(1, 4));
}

TEST_F(JobEngineTest, ReportOutsideAnyRoundIsAnsweredAsLate) {
  Begin();
  Join(11, "site-a");
  Report(11, Key(9));
  const auto receipts = Sent<ReportReceipt>();
  ASSERT_EQ(receipts.size(), 1u);
  EXPECT_EQ(receipts[0].second.outcome, ReportOutcome::kLate);
}

struct Refused {
  const char* name;
  void (*spoil)(JobSpec&);
  const char* said;
};
class JobRefusalTest : public testing::TestWithParam<Refused>, public JobScript {};

TEST_P(JobRefusalTest, IsRefusedAtCreateNamingTheSetting) {
  GetParam().spoil(spec);
  const auto created = Create();
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.status().id(), errors::kJobRefused);
  EXPECT_NE(created.status().what().find(GetParam().said), std::string::npos) << created.status().what();
}

INSTANTIATE_TEST_SUITE_P(
    All, JobRefusalTest,
    testing::Values(Refused{"rounds", [](JobSpec& s) { s.strategy.rounds = 0; }, "strategy.rounds"},
                    Refused{"cap", [](JobSpec& s) { s.strategy.weight_cap = 0; }, "strategy.weight_cap"},
                    Refused{"cohort", [](JobSpec& s) { s.cohort.min_clients = 0; }, "cohort.min_clients"},
                    Refused{"reports",
                            [](JobSpec& s) {
                              s.cohort.target = 2;
                              s.cohort.min_reports = 3;
                            },
                            "cohort.min_reports"},
                    Refused{"attempts", [](JobSpec& s) { s.cohort.max_attempts = 0; }, "cohort.max_attempts"},
                    Refused{"secagg",
                            [](JobSpec& s) {
                              s.secagg.mode = SecAggMode::kFull;
                              s.cohort.min_clients = 2;
                            },
                            "at least 3 sites"},
                    Refused{"secagg_reports",
                            [](JobSpec& s) {
                              s.secagg.mode = SecAggMode::kFull;
                              s.cohort.min_clients = 3;
                              s.cohort.min_reports = 2;
                            },
                            "at least 3 sites"}),
    [](const auto& refused) { return refused.param.name; });

// The tests above name a setting by kJobRefused; a ring that cannot hold the cohort has an error of its own.
TEST_F(JobEngineTest, CohortThatTheRingCannotHoldIsRefusedAtCreate) {
  spec.secagg.mode = SecAggMode::kFull;
  spec.cohort.min_clients = 10'000;
  const auto engine = JobEngine::Create(Manifest(), MakeModelVersion(ParameterSet(Model())), Parts());
  EXPECT_EQ(engine.status().id(), errors::kSecAggWrap) << engine.status().ToString();
}

}  // namespace
}  // namespace cairn

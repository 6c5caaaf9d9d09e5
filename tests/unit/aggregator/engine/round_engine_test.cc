#include "aggregator/engine/round_engine.h"

#include "tests/unit/aggregator/engine/engine_fixture.h"

namespace cairn {
namespace {

// Rounds are driven through the job that lends them their cohort.
class RoundEngineTest : public testing::Test, public JobScript {
 protected:
  void Open(std::size_t sites) {
    spec.cohort.min_clients = static_cast<std::uint32_t>(sites);
    Begin();
    for (std::size_t i = 0; i < sites; ++i)
      Join(11 + i, "site-" + std::string(1, static_cast<char>('a' + i)));
  }
  ReportOutcome Outcome() const { return Sent<ReportReceipt>().at(0).second.outcome; }
};

TEST_F(RoundEngineTest, ReportIsFoldedOnceAndReceipted) {
  Open(2);
  Report(11, Key(1));
  EXPECT_EQ(All<Fold>().size(), 1u);
  EXPECT_EQ(Outcome(), ReportOutcome::kAccepted);
  Report(11, Key(1));
  EXPECT_TRUE(All<Fold>().empty());
  EXPECT_EQ(Outcome(), ReportOutcome::kDuplicate);
}

TEST_F(RoundEngineTest, WeightIsExamplesOverTheCap) {
  spec.strategy.weight_cap = 100;
  Open(2);
  Report(11, Key(1), 25);
  EXPECT_DOUBLE_EQ(All<Fold>().at(0).weight, 0.25);
  Report(12, Key(1), 1000);
  EXPECT_DOUBLE_EQ(All<Fold>().at(0).weight, 1.0);
}

TEST_F(RoundEngineTest, LateReportIsDiscardedAndCounted) {
  spec.cohort.target = 1;
  spec.cohort.over_selection = 1.0;
  Open(2);
  Report(11, Key(1));
  Report(12, Key(1));
  EXPECT_TRUE(All<Fold>().empty());
  EXPECT_EQ(Outcome(), ReportOutcome::kLate);
  Finish(Key(1));
  EXPECT_EQ(Records<RoundCommitted>().at(0).summary.late, 1u);
}

TEST_F(RoundEngineTest, FaultyUpdateIsRefusedCountedAndTheSiteNamed) {
  spec.cohort.target = 2;
  spec.cohort.min_reports = 1;
  Open(2);
  cairn::Report report;
  report.key = Key(1);
  report.fault = Status(errors::kUpdateNotFinite, "parameters[17] is not finite");
  Step(Received{SessionId{11}, std::move(report)});
  EXPECT_EQ(Outcome(), ReportOutcome::kInvalid);
  const auto events = All<Emit>();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].event.name, "update.refused");
  const auto has_site = [&](const auto& field) {
    return field.first == "site" && std::get<std::string>(field.second) == "site-a";
  };
  EXPECT_TRUE(std::any_of(events[0].event.fields.begin(), events[0].event.fields.end(), has_site));
  Report(12, Key(1));
  Finish(Key(1));
  EXPECT_EQ(Records<RoundCommitted>().at(0).summary.invalid, 1u);
}

TEST_F(RoundEngineTest, ReportOfAnotherLayoutIsInvalid) {
  Open(2);
  cairn::Report report;
  report.key = Key(1);
  report.examples = 10;
  report.layout_hash = engine->layout().hash + 1;
  report.update = std::make_shared<FakeUpdate>(std::vector<float>{1, 2, 3});
  Step(Received{SessionId{11}, std::move(report)});
  EXPECT_EQ(Outcome(), ReportOutcome::kInvalid);
  EXPECT_EQ(Sent<ReportReceipt>().at(0).second.reason_id, errors::kUpdateLayout.value);
}

TEST_F(RoundEngineTest, DeadlineWithEnoughReportsFinishes) {
  spec.round.deadline = std::chrono::seconds(30);
  spec.cohort.min_reports = 1;
  Open(2);
  const auto timers = All<SetTimer>();
  ASSERT_EQ(timers.size(), 1u);
  EXPECT_EQ(timers[0].at, now + std::chrono::seconds(30));
  Report(11, Key(1));
  Step(TimerFired{timers[0].timer});
  EXPECT_EQ(All<cairn::Finish>().size(), 1u);
}

TEST_F(RoundEngineTest, DeadlineWithTooFewReportsAbandons) {
  spec.round.deadline = std::chrono::seconds(30);
  Open(2);
  const auto timer = All<SetTimer>().at(0).timer;
  Report(11, Key(1));
  Step(TimerFired{timer});
  EXPECT_EQ(Sent<RoundPlan>().at(0).second.key, Key(1, 2));
}

TEST_F(RoundEngineTest, ClientWithoutProgressIsDroppedAndOneThatMovesIsNot) {
  stall_timeout = std::chrono::seconds(60);
  spec.cohort.min_reports = 1;
  Open(2);
  const auto timer = All<SetTimer>().at(1).timer;  // behind the deadline's
  Report(12, Key(1));
  now = now + std::chrono::seconds(50);
  Step(Received{SessionId{11}, Heartbeat{Key(1), 5}});
  now = now + std::chrono::seconds(50);
  Step(TimerFired{timer});
  EXPECT_TRUE(All<cairn::Finish>().empty()) << "it moved 50 s ago";
  now = now + std::chrono::seconds(50);
  Step(Received{SessionId{11}, Heartbeat{Key(1), 5}});  // alive, but not one step further
  Step(TimerFired{timer});
  EXPECT_EQ(All<cairn::Finish>().size(), 1u);
}

TEST_F(RoundEngineTest, SiteThatCountsStepsForEverIsDroppedAtTheAutomaticDeadline) {
  stall_timeout = std::chrono::seconds(60);
  spec.cohort.min_reports = 1;
  Open(2);
  now = now + std::chrono::minutes(4);
  Report(11, Key(1));
  Report(12, Key(1));
  Finish(Key(1));
  const auto deadline = All<SetTimer>().at(0);
  EXPECT_EQ(deadline.at, now + std::chrono::minutes(12)) << "three times the slowest so far";
  Report(12, Key(2));
  now = deadline.at;
  Step(Received{SessionId{11}, Heartbeat{Key(2), 1'000'000}});
  Step(TimerFired{deadline.timer});
  EXPECT_EQ(All<cairn::Finish>().size(), 1u);
}

TEST_F(RoundEngineTest, WhoLeavesForGoodIsNotWaitedFor) {
  spec.cohort.min_reports = 1;
  Open(3);
  Report(12, Key(1));
  Step(Left{SessionId{11}, true});
  EXPECT_EQ(engine->round()->dropped(), 1u);
  EXPECT_EQ(engine->round()->pending(), 1u);
  Step(Left{SessionId{13}, true});
  EXPECT_EQ(All<cairn::Finish>().size(), 1u) << "nobody is left to wait for";
}

TEST_F(RoundEngineTest, WhoLeavesMayComeBackOtherwise) {
  spec.cohort.min_reports = 1;
  Open(2);
  Report(12, Key(1));
  Step(Left{SessionId{11}});
  EXPECT_EQ(engine->round()->pending(), 1u);
  EXPECT_TRUE(All<cairn::Finish>().empty());
}

TEST_F(RoundEngineTest, ReportsThatTheDriverAsksForCountBesidesTheJobsOwn) {
  spec.cohort.min_reports = 1;
  least_reports = [](const RoundKey& key, const std::vector<ClientId>& invited) {
    return key.attempt == 1 ? invited.size() : 1;
  };
  Open(3);
  Report(12, Key(1));
  Report(13, Key(1));
  Step(Left{SessionId{11}, true});
  EXPECT_TRUE(All<cairn::Finish>().empty()) << "two of three were not enough";
  Join(14, "site-a");
  EXPECT_EQ(Sent<RoundPlan>().at(0).second.key, Key(1, 2));
}

TEST_F(RoundEngineTest, CountsAlwaysAddUp) {
  spec.cohort.min_reports = 1;
  Open(3);
  const RoundEngine& round = *engine->round();
  EXPECT_EQ(round.pending(), 3u);
  Report(11, Key(1));
  Step(Received{SessionId{12}, RoundDecline{Key(1), 7103, "crashed"}});
  EXPECT_EQ(round.reported() + round.pending() + round.dropped(), 3u);
  EXPECT_EQ(round.reported(), 1u);
  EXPECT_EQ(round.dropped(), 1u);
}

}  // namespace
}  // namespace cairn

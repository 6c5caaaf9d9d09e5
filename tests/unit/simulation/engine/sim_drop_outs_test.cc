#include <gtest/gtest.h>

#include "tests/unit/simulation/engine/sim_fixture.h"

namespace cairn {
namespace {

class SimDropOutsTest : public SimDriverTest {
 protected:
  SimDropOutsTest() {
    spec_.secagg.mode = SecAggMode::kFull;
    spec_.cohort.min_reports = 3;
    spec_.cohort.max_attempts = 50;
  }

  Collect Lossy(TransportMode transport, std::size_t lanes, double probability = 0.3,
                std::size_t clients = 9) {
    SimConfig config{.lanes = lanes, .transport = transport};
    config.drop_outs.probability = probability;
    return Run(config, clients);
  }

  void ExpectSameOnAllTransportsAndLanes() {
    const Collect direct = Lossy(TransportMode::kDirect, 1);
    EXPECT_TRUE(std::ranges::any_of(direct.summaries,
                                    [](const RoundSummary& s) { return s.reported.size() < s.invited; }));
    EXPECT_TRUE(direct.Heard("round.abandoned"));  // the test is of such rounds too
    for (const std::size_t lanes : {2u, 5u}) ExpectSame(Lossy(TransportMode::kDirect, lanes), direct);
    for (const std::size_t lanes : {1u, 2u, 4u}) ExpectSame(Lossy(TransportMode::kWire, lanes), direct);
  }
};

TEST_F(SimDropOutsTest, DirectWireAndAnyNumberOfLanesEndWithTheSameBytes) {
  ExpectSameOnAllTransportsAndLanes();
}

TEST_F(SimDropOutsTest, SumsOf32BitsDoSoToo) {
  spec_.secagg.bits = 32;
  spec_.secagg.clip = spec_.secagg.buffer_clip = 16;
  spec_.strategy.weight_cap = 64;
  ExpectSameOnAllTransportsAndLanes();
}

TEST_F(SimDropOutsTest, JobsWithoutMasksDoSoToo) {
  spec_.secagg.mode = SecAggMode::kOff;
  spec_.cohort.min_reports = 8;
  ExpectSameOnAllTransportsAndLanes();
}

TEST_F(SimDropOutsTest, OverSelectedCohortsWithADeviceModelDoSoToo) {
  spec_.cohort.target = 5;
  spec_.cohort.over_selection = 0.6;
  SimConfig config{.lanes = 1};
  config.drop_outs.probability = 0.3;
  config.devices.law = DeviceModel::Law::kLogNormal;
  const Collect direct = Run(config, 12);
  config.lanes = 3;
  config.transport = TransportMode::kWire;
  ExpectSame(Run(config, 12), direct);
}

TEST_F(SimDropOutsTest, OnARegularGraphTooWhoIsLostAfterItsVectorIsInTheSum) {
  spec_.strategy.rounds = 1;
  spec_.evaluate.federated = false;
  spec_.cohort.min_reports = 130;
  const Collect direct = Lossy(TransportMode::kDirect, 2, 0.08, 180);
  ASSERT_EQ(direct.summaries.size(), 1u);
  EXPECT_LT(direct.summaries[0].reported.size(), 180u);
  EXPECT_GT(direct.lost_clients[0], 180 - direct.summaries[0].reported.size());  // some after their vector
  ExpectSame(Lossy(TransportMode::kWire, 2, 0.08, 180), direct);
}

TEST_F(SimDropOutsTest, WhoIsLostInOneRoundTakesPartInLaterOnes) {
  spec_.strategy.rounds = 8;
  const Collect run = Lossy(TransportMode::kWire, 2, 0.2);
  ASSERT_EQ(run.summaries.size(), 9u);
  std::vector<std::size_t> rounds(9, 0);
  for (const RoundSummary& summary : run.summaries) {
    EXPECT_EQ(summary.invited, 9u);
    for (const ClientId client : summary.reported) ++rounds[client.value];
  }
  for (const std::size_t took_part : rounds) EXPECT_GT(took_part, 3u);
  EXPECT_TRUE(std::ranges::any_of(rounds, [](std::size_t n) { return n < 9; }));
}

TEST_F(SimDropOutsTest, ARoundBelowItsMinimumIsAbandonedAndTriedAgainWithOtherLosses) {
  spec_.cohort.min_reports = 8;
  const Collect run = Lossy(TransportMode::kWire, 2);
  EXPECT_TRUE(run.Heard("round.abandoned"));
  ASSERT_EQ(run.summaries.size(), 5u);
  EXPECT_TRUE(std::ranges::any_of(run.summaries, [](const RoundSummary& s) { return s.key.attempt > 1; }));
  for (const RoundSummary& summary : run.summaries) EXPECT_GE(summary.reported.size(), 8u);
}

TEST_F(SimDropOutsTest, ARoundThatNeverReachesItsMinimumFailsTheJob) {
  spec_.cohort.min_reports = 9;
  spec_.cohort.max_attempts = 2;
  SimConfig config{.lanes = 2};
  config.drop_outs.probability = 0.9;
  Collect collect;
  auto driver = Create(config);
  ASSERT_TRUE(driver.ok());
  const auto end = (*driver)->Run(collect, {});
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(end->outcome, JobOutcome::kFailed);
  EXPECT_EQ(end->reason_id, errors::kRoundAbandoned.value);
}

TEST_F(SimDropOutsTest, DropOutsWithoutAMinimumAreRefused) {
  spec_.cohort.min_reports = 0;
  SimConfig config{.lanes = 1};
  config.drop_outs.probability = 0.1;
  const auto created = Create(config);
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.status().id(), errors::kJobRefused);
  EXPECT_NE(created.status().what().find("min_reports"), std::string::npos);
}

}  // namespace
}  // namespace cairn

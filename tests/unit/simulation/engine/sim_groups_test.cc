// Grouped jobs in the simulator: `direct` leaves out what cancels, `wire` runs a masking a group.
#include <gtest/gtest.h>

#include "tests/unit/simulation/engine/sim_fixture.h"

namespace cairn {
namespace {

class SimGroupsTest : public SimDriverTest {
 protected:
  SimGroupsTest() {
    spec_.secagg.mode = SecAggMode::kGrouped;
    spec_.secagg.group_size = 4;
    spec_.secagg.group_min = 3;
    spec_.secagg.rule = GroupRule::kMedian;
    spec_.cohort.max_attempts = 50;
  }

  static constexpr std::size_t kSites = 14;  // groups of 5, 5 and 4

  Collect Play(TransportMode transport, std::size_t lanes, double dropout = 0) {
    SimConfig config{.lanes = lanes, .transport = transport};
    config.drop_outs.probability = dropout;
    return Run(config, kSites);
  }
};

TEST_F(SimGroupsTest, TheModelLearnsFromTheMedianOfGroups) {
  const Collect run = Play(TransportMode::kWire, 2);
  ASSERT_EQ(run.summaries.size(), 5u);
  for (const RoundSummary& summary : run.summaries) EXPECT_EQ(summary.reported.size(), kSites);
  const double first = Summarize(run.summaries.front().metrics).log_loss;
  EXPECT_LT(Summarize(run.summaries.back().metrics).log_loss, 0.8 * first);
}

TEST_F(SimGroupsTest, DirectWireAndAnyNumberOfLanesEndWithTheSameBytes) {
  for (const GroupRule rule : {GroupRule::kMedian, GroupRule::kTrimmedMean, GroupRule::kGeometricMedian}) {
    spec_.secagg.rule = rule;
    spec_.secagg.trim = rule == GroupRule::kTrimmedMean ? 1 : 0;
    const Collect direct = Play(TransportMode::kDirect, 1);
    ExpectSame(Play(TransportMode::kDirect, 4), direct);
    ExpectSame(Play(TransportMode::kWire, 1), direct);
    ExpectSame(Play(TransportMode::kWire, 3), direct);
  }
}

TEST_F(SimGroupsTest, SumsOf32BitsDoSoToo) {
  spec_.secagg.bits = 32;
  spec_.secagg.clip = spec_.secagg.buffer_clip = 16;
  spec_.strategy.weight_cap = 64;
  ExpectSame(Play(TransportMode::kWire, 2), Play(TransportMode::kDirect, 3));
}

TEST_F(SimGroupsTest, SoDoRoundsThatLoseSites) {
  spec_.strategy.rounds = 6;
  const Collect direct = Play(TransportMode::kDirect, 1, 0.1);
  EXPECT_TRUE(std::ranges::any_of(direct.summaries,
                                  [](const RoundSummary& s) { return s.reported.size() < s.invited; }));
  EXPECT_TRUE(direct.Heard("round.abandoned"));  // a group fell, and two are too few
  ExpectSame(Play(TransportMode::kDirect, 3, 0.1), direct);
  ExpectSame(Play(TransportMode::kWire, 2, 0.1), direct);
}

TEST_F(SimGroupsTest, AGroupBelowItsFloorSitsTheRoundOutAndTheOthersGoOn) {
  spec_.strategy.rounds = 6;
  SimConfig config{.lanes = 2};
  config.drop_outs.probability = 0.15;
  const Collect direct = Run(config, 24);  // six groups of four
  config.transport = TransportMode::kWire;
  const Collect wire = Run(config, 24);
  ExpectSame(wire, direct);
  EXPECT_TRUE(wire.Heard("group.left_out"));
  for (const RoundSummary& summary : wire.summaries) EXPECT_GE(summary.reported.size(), 9u);
}

TEST_F(SimGroupsTest, TooFewSitesForThreeGroupsAreRefusedByName) {
  const auto created = Create({.lanes = 1}, 11);
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.status().id(), errors::kJobRefused);
  EXPECT_NE(created.status().what().find("2 groups of the 11 sites"), std::string::npos)
      << created.status().what();
}

}  // namespace
}  // namespace cairn

#include "simulation/engine/sim_driver.h"

#include <gtest/gtest.h>

#include "tests/unit/simulation/engine/sim_fixture.h"

namespace cairn {
namespace {

TEST_F(SimDriverTest, EveryRoundHearsEveryClientAndTheModelLearns) {
  const Collect run = Run({.lanes = 2});
  ASSERT_EQ(run.summaries.size(), 5u);  // four of training, one that measures the last model
  for (const RoundSummary& summary : run.summaries) EXPECT_EQ(summary.reported.size(), 9u);
  EXPECT_EQ(run.summaries.back().kind, RoundKind::kEvaluate);
  const double first = Summarize(run.summaries.front().metrics).log_loss;
  const double last = Summarize(run.summaries.back().metrics).log_loss;
  EXPECT_LT(last, 0.7 * first);
}

TEST_F(SimDriverTest, AnyNumberOfLanesGivesTheSameBytesInEveryRound) {
  const Collect one = Run({.lanes = 1});
  for (const std::size_t lanes : {2u, 4u, 8u}) {
    const Collect many = Run({.lanes = lanes});
    EXPECT_EQ(many.models, one.models) << lanes << " lanes";
    for (std::size_t i = 0; i < one.centrals.size(); ++i) EXPECT_EQ(many.centrals[i], one.centrals[i]);
  }
}

TEST_F(SimDriverTest, DirectAndWireGiveTheSameBytes) {
  const Collect direct = Run({.lanes = 2, .transport = TransportMode::kDirect});
  const Collect wire = Run({.lanes = 2, .transport = TransportMode::kWire});
  EXPECT_EQ(direct.models, wire.models);
  ASSERT_EQ(direct.summaries.size(), wire.summaries.size());
  for (std::size_t i = 0; i < direct.summaries.size(); ++i) {
    EXPECT_EQ(direct.summaries[i].metrics, wire.summaries[i].metrics);
  }
}

// The first rule of secure aggregation: it costs nothing in the result.
TEST_F(SimDriverTest, MaskedSumsOf64BitsGiveTheBytesOfPlainOnes) {
  spec_.secagg.mode = SecAggMode::kOff;
  const Collect plain = Run({.lanes = 2, .transport = TransportMode::kWire});
  spec_.secagg.mode = SecAggMode::kFull;
  const Collect masked = Run({.lanes = 2, .transport = TransportMode::kWire});
  ExpectSame(masked, plain);
}

TEST_F(SimDriverTest, MaskedSumsOf32BitsAreTheSameWithAndWithoutMasksAndNearThePlainOnes) {
  spec_.secagg.mode = SecAggMode::kFull;
  spec_.secagg.bits = 32;
  spec_.secagg.clip = spec_.secagg.buffer_clip = 16;
  spec_.strategy.weight_cap = 64;
  const Collect direct = Run({.lanes = 3, .transport = TransportMode::kDirect});
  const Collect wire = Run({.lanes = 2, .transport = TransportMode::kWire});
  EXPECT_EQ(direct.models, wire.models);
  spec_.secagg = {.mode = SecAggMode::kOff};
  const Collect plain = Run({.lanes = 2});
  const double masked_loss = Summarize(direct.summaries.back().metrics).log_loss;
  EXPECT_NEAR(masked_loss, Summarize(plain.summaries.back().metrics).log_loss, 1e-4);
}

TEST_F(SimDriverTest, SampledCohortsAreOfTheSizeAskedForAndDifferByRound) {
  spec_.cohort.target = 4;
  spec_.evaluate.federated = false;
  const Collect run = Run({.lanes = 2});
  ASSERT_EQ(run.summaries.size(), 4u);
  for (const RoundSummary& summary : run.summaries) EXPECT_EQ(summary.reported.size(), 4u);
  EXPECT_NE(run.summaries[0].reported, run.summaries[1].reported);
}

TEST_F(SimDriverTest, OverSelectionKeepsTheFastestAndIsTheSameForAnyLanes) {
  spec_.cohort.target = 4;
  spec_.cohort.over_selection = 1.0;
  spec_.evaluate.federated = false;
  SimConfig config{.lanes = 1};
  config.devices.law = DeviceModel::Law::kLogNormal;
  const Collect one = Run(config);
  config.lanes = 4;
  const Collect four = Run(config);
  EXPECT_EQ(one.models, four.models);
  for (const RoundSummary& summary : one.summaries) {
    EXPECT_EQ(summary.invited, 8u);
    EXPECT_EQ(summary.reported.size(), 4u);
  }
}

TEST_F(SimDriverTest, OverSelectionWithoutADeviceModelIsRefused) {
  spec_.cohort.target = 4;
  spec_.cohort.over_selection = 0.5;
  const auto created = Create({.lanes = 1});
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.status().id(), errors::kJobRefused);
  EXPECT_NE(created.status().what().find("population.speed"), std::string::npos);
}

TEST_F(SimDriverTest, DivergedClientIsNamedAndTheRoundIsTriedAgainThenGivenUp) {
  spec_.train.optimizer.lr = 1e38;
  Collect collect;
  auto driver = Create({.lanes = 2});
  ASSERT_TRUE(driver.ok());
  const auto end = (*driver)->Run(collect, {});
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  EXPECT_EQ(end->outcome, JobOutcome::kFailed);
  EXPECT_EQ(end->reason_id, errors::kRoundAbandoned.value);
  EXPECT_TRUE(collect.Heard("round.declined"));
}

TEST_F(SimDriverTest, StopEndsTheRun) {
  Collect collect;
  auto driver = Create({.lanes = 2});
  std::stop_source stop;
  stop.request_stop();
  const auto end = (*driver)->Run(collect, stop.get_token());
  EXPECT_EQ(end.status().id(), errors::kCancelled);
}

}  // namespace
}  // namespace cairn

// Runs that protect whole clients: clipped updates, noise of the aggregator's or of each client's.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/simulation/engine/sim_fixture.h"

namespace cairn {
namespace {

using Mechanism = PrivacyTerms::Mechanism;

class SimClientsTest : public SimDriverTest {
 protected:
  SimClientsTest() {
    PrivacyTerms& terms = spec_.privacy.emplace();
    terms.unit = PrivacyUnit::kClient;
    terms.mechanism = Mechanism::kDistributed;
    terms.noise_multiplier = 0.5;
    spec_.strategy.weight_by_examples = false;
    spec_.evaluate.federated = false;
  }
  static double LastAccuracy(const Collect& run) { return Summarize(run.centrals.back()).accuracy; }
};

TEST_F(SimClientsTest, MasksLanesAndTransportChangeNothing) {
  for (const std::uint32_t bits : {32u, 64u}) {
    for (const Mechanism mechanism : {Mechanism::kCentral, Mechanism::kDistributed, Mechanism::kLocal}) {
      spec_.secagg.bits = bits;
      spec_.privacy->mechanism = mechanism;
      spec_.privacy->clip_quantile = mechanism == Mechanism::kLocal ? 0 : 0.5;
      const Collect direct = Run({.lanes = 1});
      ASSERT_EQ(direct.models.size(), 4u);
      ExpectSame(direct, Run({.lanes = 3, .transport = TransportMode::kWire}));
      for (const RoundSummary& summary : direct.summaries)
        EXPECT_EQ(summary.examples, 9);  // clients, not rows
    }
  }
}

TEST_F(SimClientsTest, LittleNoiseLearnsAndMuchOfItDoesNot) {
  spec_.strategy.rounds = 12;
  spec_.privacy->noise_multiplier = 0.01;
  spec_.privacy->clip = 2;
  const double little = LastAccuracy(Run({.lanes = 2}));
  spec_.privacy->noise_multiplier = 300;
  const double much = LastAccuracy(Run({.lanes = 2}));
  spec_.privacy.reset();
  const double none = LastAccuracy(Run({.lanes = 2}));
  EXPECT_NEAR(little, none, 0.05);
  EXPECT_LT(much, none - 0.2);
}

TEST_F(SimClientsTest, LocalNoiseIsWiderInTheSumThanSharesOfIt) {
  const auto width = [&](Mechanism mechanism) {
    spec_.privacy->mechanism = mechanism;
    return ClientNoiseOf(spec_, 21, 1).share_sigma;
  };
  spec_.cohort.min_clients = 9;
  EXPECT_NEAR(width(Mechanism::kLocal) / width(Mechanism::kDistributed), 3, 1e-9);
}

// By the Gaussian curve itself: δ(ε) at μ = √rounds/z, and Rényi's bound is a little above.
TEST_F(SimClientsTest, AClientPaysForTheRoundsItTookPartIn) {
  spec_.privacy->noise_multiplier = 4;
  spec_.privacy->delta = 1e-5;
  Collect collect;
  auto driver = Create({.lanes = 1}).value();
  ASSERT_TRUE(driver->Run(collect, {}).ok());
  const double all = driver->privacy_spent()->max_epsilon;
  EXPECT_GT(all, 1.993);  // z = 4 and 4 rounds are μ = 1/2
  EXPECT_LT(all, 2.2);
  spec_.cohort.target = 3;
  auto sampled = Create({.lanes = 1}).value();
  ASSERT_TRUE(sampled->Run(collect, {}).ok());
  EXPECT_LE(sampled->privacy_spent()->max_epsilon, all);
  EXPECT_LT(sampled->privacy_spent()->sum_epsilon, 9 * all);
}

TEST_F(SimClientsTest, AClipThatIsTooWideShrinksAndOneThatIsTooTightGrows) {
  for (const Mechanism mechanism : {Mechanism::kCentral, Mechanism::kDistributed}) {
    spec_.privacy->mechanism = mechanism;
    spec_.privacy->noise_multiplier = 0.1;
    spec_.privacy->clip_quantile = 0.5;
    for (const double first : {100.0, 1e-3}) {
      spec_.privacy->clip = first;
      const Collect run = Run({.lanes = 2});
      double clip = first;
      for (const RoundSummary& summary : run.summaries) {
        EXPECT_DOUBLE_EQ(summary.clip, clip);
        EXPECT_EQ(summary.next_clip<clip, first> 1);
        clip = summary.next_clip;
      }
    }
  }
}

TEST_F(SimClientsTest, ClipSettlesNearTheMiddleOfTheNorms) {
  spec_.strategy.rounds = 60;
  spec_.privacy->noise_multiplier = 0.05;
  spec_.privacy->clip_quantile = 0.5;
  spec_.privacy->clip = 5;
  const double high = Run({.lanes = 2}).summaries.back().clip;
  spec_.privacy->clip = 0.05;
  const double low = Run({.lanes = 2}).summaries.back().clip;
  EXPECT_NEAR(std::log(high / low), 0, 0.3);  // wherever it began
}

TEST_F(SimClientsTest, ClientsThatDropOutTakeTheirShareOfTheNoiseAlong) {
  spec_.cohort.min_reports = 5;
  spec_.privacy->colluders = 1;
  SimConfig config{.lanes = 2, .transport = TransportMode::kWire};
  config.drop_outs.probability = 0.2;
  const Collect run = Run(config);
  EXPECT_EQ(run.summaries.size(), 4u);
  for (const RoundSummary& summary : run.summaries) EXPECT_GE(summary.reported.size(), 5u);
}

TEST_F(SimClientsTest, NoiseThatTheGridCannotHoldIsRefusedBeforeAnythingRuns) {
  spec_.privacy->clip = 5000;
  EXPECT_EQ(Create({.lanes = 1}).status().id(), errors::kPrivacyParameter);
}

}  // namespace
}  // namespace cairn

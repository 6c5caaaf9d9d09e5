#include "aggregator/strategy/strategy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/random.h"
#include "tests/unit/aggregator/strategy/strategy_builder.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Runs rounds with the given mean updates from w = (1, 2, 3).
ServerState After(const Strategy& strategy, const std::vector<std::vector<float>>& deltas) {
  ServerState state = strategy.Start(ModelOf({1, 2, 3}));
  for (const auto& delta : deltas) {
    const Status status = strategy.Apply(UpdateFor(state, delta), state);
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  return state;
}

// Every expected number below is worked out by hand from the formula at the head of the strategy's file.

TEST(FedAvgTest, AddsServerRateTimesMeanUpdate) {
  EXPECT_THAT(Parameters(After(*StrategyBuilder("fedavg").Build(), {{0.5, -1, 0}})), ElementsAre(1.5, 1, 3));
  EXPECT_THAT(Parameters(After(*StrategyBuilder("fedavg").Lr(0.5).Build(), {{0.5, -1, 0}})),
              ElementsAre(1.25, 1.5, 3));
}

TEST(FedAvgTest, KeepsNoMemoryAndCountsRounds) {
  const ServerState state = After(*StrategyBuilder("fedavg").Build(), {{1, 1, 1}, {1, 1, 1}});
  EXPECT_TRUE(state.m.empty() && state.v.empty());
  EXPECT_EQ(state.round, 2u);
}

TEST(FedAvgMTest, VelocityGathersOverRounds) {
  // round 1: m = (.5, −1, 0), w = (1.5, 1, 3). round 2, Δ̄ = (0, 1, 4): m = (.25, .5, 4), w = (1.75, 1.5, 7).
  const ServerState state =
      After(*StrategyBuilder("fedavgm").Momentum(0.5).Build(), {{0.5, -1, 0}, {0, 1, 4}});
  EXPECT_THAT(state.m, ElementsAre(0.25, 0.5, 4));
  EXPECT_THAT(Parameters(state), ElementsAre(1.75, 1.5, 7));
}

TEST(FedProxTest, TellsClientsTheProximalTermAndAveragesAsFedAvg) {
  const auto strategy = StrategyBuilder("fedprox").Mu(0.25).Build();
  const ServerState state = After(*strategy, {{0.5, -1, 0}});
  EXPECT_EQ(strategy->Configure({}, state).proximal_mu, 0.25);
  EXPECT_THAT(Parameters(state), ElementsAre(1.5, 1, 3));
}

TEST(FedProxTest, OtherStrategiesLeaveTheJobsSettingsAlone) {
  TrainConfig job;
  job.proximal_mu = 0.5;
  job.epochs = 3;
  const auto strategy = StrategyBuilder("fedavg").Build();
  EXPECT_EQ(strategy->Configure(job, strategy->Start(ModelOf({1}))), job);
}

// τ = 1, so v starts at 1; η = 1; β₁ = .5; β₂ = .75; Δ̄ = (2, −4, 0) gives m = (1, −2, 0).
StrategyBuilder ByHand(const char* name) { return StrategyBuilder(name).Lr(1).Betas(0.5, 0.75).Tau(1); }

TEST(FedAdagradTest, SecondMomentSumsSquares) {
  // v = 1 + (4, 16, 0) = (5, 17, 1); w = (1 + 1/(√5 + 1), 2 − 2/(√17 + 1), 3).
  const ServerState state = After(*ByHand("fedadagrad").Build(), {{2, -4, 0}});
  EXPECT_THAT(state.v, ElementsAre(5, 17, 1));
  ExpectNear(Parameters(state), {1.3090169944, 1.6096117968, 3});
}

TEST(FedAdamTest, SecondMomentIsAnExponentialMean) {
  // v = .75 + .25 (4, 16, 0) = (1.75, 4.75, .75); w = (1 + 1/(√1.75 + 1), 2 − 2/(√4.75 + 1), 3).
  const ServerState state = After(*ByHand("fedadam").Build(), {{2, -4, 0}});
  EXPECT_THAT(state.m, ElementsAre(1, -2, 0));
  EXPECT_THAT(state.v, ElementsAre(1.75, 4.75, 0.75));
  ExpectNear(Parameters(state), {1.4305008740, 1.3709602817, 3});
}

TEST(FedAdamTest, SecondRoundHasNoBiasCorrection) {
  // Δ̄ = 0: m = (.5, −1, 0), v = .75 · (1.75, 4.75, .75); w += m / (√v + 1).
  const ServerState state = After(*ByHand("fedadam").Build(), {{2, -4, 0}, {0, 0, 0}});
  EXPECT_THAT(state.v, ElementsAre(1.3125, 3.5625, 0.5625));
  ExpectNear(Parameters(state), {1.6635311520, 1.0246349710, 3});
}

TEST(FedYogiTest, SecondMomentMovesByTheSignOfItsError) {
  // v < Δ̄²: v = 1 + .25 · (4, 16) = (2, 5); Δ̄ = .5 in the third: v > .25, so v = 1 − .0625 = .9375.
  const ServerState state = After(*ByHand("fedyogi").Build(), {{2, -4, 0.5}});
  EXPECT_THAT(state.v, ElementsAre(2, 5, 0.9375));
  ExpectNear(Parameters(state), {1.4142135624, 1.3819660113, 3.1270166538});
}

TEST(FedYogiTest, SecondMomentStaysWhereItEqualsTheSquare) {
  EXPECT_THAT(After(*ByHand("fedyogi").Build(), {{1, -1, 1}}).v, ElementsAre(1, 1, 1));
}

TEST(FedYogiTest, SecondMomentStartsAtTauSquared) {
  EXPECT_THAT(StrategyBuilder("fedyogi").Tau(0.25).Build()->Start(ModelOf({1, 2})).v,
              ElementsAre(0.0625, 0.0625));
}

class MixedModel : public ::testing::TestWithParam<std::string> {
 protected:
  static ParameterSet Model() {
    ParameterSet model(ParameterSpec::Create({{"w", {2}, Role::kParameter, Scope::kExchanged},
                                              {"frozen", {1}, Role::kParameter, Scope::kLocal},
                                              {"var", {1}, Role::kBuffer, Scope::kExchanged},
                                              {"own", {1}, Role::kBuffer, Scope::kLocal},
                                              {"steps", {1}, Role::kCounter, Scope::kExchanged},
                                              {"mine", {1}, Role::kCounter, Scope::kLocal}})
                           .value());
    for (std::size_t i = 0; i < model.floats().size(); ++i) model.floats()[i] = static_cast<float>(i + 1);
    model.counters()[0] = 10;
    model.counters()[1] = 20;
    return model;
  }
};

TEST_P(MixedModel, OptimizerTouchesParametersOnlyAndLocalTensorsNever) {
  const auto strategy = StrategyBuilder(GetParam()).Lr(0.1).Build();
  ServerState state = strategy->Start(Model());
  AggregateUpdate update = UpdateFor(state, {1, -1});
  update.buffers = {0.5};
  update.counters = {13};
  ASSERT_TRUE(strategy->Apply(update, state).ok());
  EXPECT_GT(state.model.floats()[0], 1);
  EXPECT_LT(state.model.floats()[1], 2);
  EXPECT_EQ(state.model.floats()[2], 3);
  EXPECT_EQ(state.model.buffers()[0], 4.5f);
  EXPECT_EQ(state.model.buffers()[1], 5);
  EXPECT_THAT(std::vector<std::int64_t>(state.model.counters().begin(), state.model.counters().end()),
              ElementsAre(13, 20));
}

TEST_P(MixedModel, UpdateWithoutCountersLeavesThemAsTheyAre) {
  const auto strategy = StrategyBuilder(GetParam()).Build();
  ServerState state = strategy->Start(Model());
  AggregateUpdate update = UpdateFor(state, {0, 0});
  update.buffers = {0};
  ASSERT_TRUE(strategy->Apply(update, state).ok());
  EXPECT_EQ(state.model.counters()[0], 10);
}

TEST_P(MixedModel, UpdateOfAnotherLayoutIsRefusedAndNothingMoves) {
  const auto strategy = StrategyBuilder(GetParam()).Build();
  ServerState state = strategy->Start(Model());
  AggregateUpdate update = UpdateFor(state, {1, 1, 1});
  update.buffers = {1};
  const Status status = strategy->Apply(update, state);
  EXPECT_EQ(status.id(), errors::kUpdateLayout);
  EXPECT_THAT(status.what(), HasSubstr("3 parameters, the model has 2"));
  update.parameters = {1, 1};
  update.layout.hash ^= 1;
  EXPECT_EQ(strategy->Apply(update, state).id(), errors::kUpdateLayout);
  EXPECT_EQ(state.model.floats()[0], 1);
  EXPECT_EQ(state.round, 0u);
}

TEST_P(MixedModel, StateOfAnotherStrategyIsRefused) {
  const auto strategy = StrategyBuilder(GetParam()).Build();
  ServerState state = strategy->Start(Model());
  state.m.push_back(0);
  AggregateUpdate update = UpdateFor(state, {1, 1});
  update.buffers = {1};
  EXPECT_EQ(strategy->Apply(update, state).id(), errors::kServerState);
}

TEST_P(MixedModel, OverflowingStepIsRefusedAsDiverged) {
  const auto strategy = StrategyBuilder(GetParam()).Lr(1e300).Build();
  ServerState state = strategy->Start(Model());
  AggregateUpdate update = UpdateFor(state, {1000, 1000});
  update.buffers = {0};
  EXPECT_EQ(strategy->Apply(update, state).id(), errors::kServerDiverged);
}

TEST_P(MixedModel, ElementsDoNotKnowTheirPlace) {
  // A model of many tiles, repeated values: whatever tile and vector lane an element falls into, it moves
  // alike.
  const auto strategy = StrategyBuilder(GetParam()).Lr(0.1).Build();
  constexpr std::size_t kMany = 50021, kFew = 7;
  RandomStream random = SeededRandom(5).Open({});
  std::vector<float> w(kFew), d1(kFew), d2(kFew);
  for (std::size_t i = 0; i < kFew; ++i) {
    w[i] = static_cast<float>(random.Normal());
    d1[i] = static_cast<float>(0.1 * random.Normal());
    d2[i] = static_cast<float>(0.1 * random.Normal());
  }
  const auto repeat = [&](const std::vector<float>& few, std::size_t n) {
    std::vector<float> many(n);
    for (std::size_t i = 0; i < n; ++i) many[i] = few[i % kFew];
    return many;
  };
  const auto run = [&](std::size_t n) {
    ServerState state = strategy->Start(ModelOf(repeat(w, n)));
    EXPECT_TRUE(strategy->Apply(UpdateFor(state, repeat(d1, n)), state).ok());
    EXPECT_TRUE(strategy->Apply(UpdateFor(state, repeat(d2, n)), state).ok());
    return Parameters(state);
  };
  EXPECT_EQ(run(kMany), repeat(run(kFew), kMany));
}

INSTANTIATE_TEST_SUITE_P(EveryStrategy, MixedModel,
                         ::testing::ValuesIn(StrategyNames().begin(), StrategyNames().end()),
                         [](const auto& named) { return named.param; });

TEST(NewStrategyTest, EveryListedNameBuildsAndKnowsItself) {
  for (const std::string& name : StrategyNames()) EXPECT_EQ(StrategyBuilder(name).Build()->name(), name);
  EXPECT_EQ(StrategyNames().size(), 6u);
}

TEST(NewStrategyTest, UnknownNameSuggestsTheNearest) {
  const auto result = StrategyBuilder("fedadm").TryBuild();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().id(), errors::kConfigValue);
  EXPECT_THAT(result.status().what(), HasSubstr("\"fedadm\""));
  EXPECT_THAT(result.status().mend(), HasSubstr("\"fedadam\""));
}

TEST(NewStrategyTest, UnknownNameFarFromAllListsThem) {
  EXPECT_THAT(StrategyBuilder("krum\n").TryBuild().status().mend(), HasSubstr("fedadagrad, fedadam, fedavg"));
}

TEST(NewStrategyTest, NumbersOutsideTheirRangeAreRefusedByName) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const std::pair<StrategyBuilder, const char*> cases[] = {
      {StrategyBuilder("fedavg").Lr(0), "strategy.lr"},
      {StrategyBuilder("fedavg").Lr(nan), "strategy.lr"},
      {StrategyBuilder("fedavg").Lr(inf), "strategy.lr"},
      {StrategyBuilder("fedavgm").Momentum(1), "strategy.momentum"},
      {StrategyBuilder("fedprox").Mu(-1), "strategy.mu"},
      {StrategyBuilder("fedadam").Betas(1, 0.9), "strategy.beta1"},
      {StrategyBuilder("fedyogi").Betas(0, -0.1), "strategy.beta2"},
      {StrategyBuilder("fedadagrad").Tau(0), "strategy.tau"},
  };
  for (const auto& [builder, key] : cases) {
    const auto result = builder.TryBuild();
    ASSERT_FALSE(result.ok()) << key;
    EXPECT_EQ(result.status().id(), errors::kConfigValue);
    EXPECT_THAT(result.status().what(), HasSubstr(key));
  }
}

}  // namespace
}  // namespace cairn

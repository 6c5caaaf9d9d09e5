#include "client/learning/client_optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace cairn {
namespace {

// Five steps of three weights under the gradient w · (1, 2, 3).
std::vector<float> FiveSteps(const TrainConfig& config) {
  std::vector<float> w = {1.0f, -2.0f, 0.5f};
  ClientOptimizer optimizer;
  optimizer.Start(config, w);
  for (int step = 0; step < 5; ++step) {
    std::vector<float> g = {w[0], 2 * w[1], 3 * w[2]};
    optimizer.Step(w, g);
  }
  return w;
}

TrainConfig Sgd(double lr) {
  TrainConfig config;
  config.optimizer.lr = lr;
  return config;
}

TEST(ClientOptimizerTest, PlainSgdShrinksByItsRate) {
  const std::vector<float> w = FiveSteps(Sgd(0.1));
  EXPECT_NEAR(w[0], std::pow(0.9, 5), 1e-6);
  EXPECT_NEAR(w[1], -2 * std::pow(0.8, 5), 1e-6);
  EXPECT_NEAR(w[2], 0.5 * std::pow(0.7, 5), 1e-6);
}

TEST(ClientOptimizerTest, WeightDecayAddsToTheGradient) {
  TrainConfig config = Sgd(0.1);
  config.optimizer.weight_decay = 1.0;
  EXPECT_NEAR(FiveSteps(config)[0], std::pow(0.8, 5), 1e-6);
}

TEST(ClientOptimizerTest, ProximalPullHoldsTheReceivedWeights) {
  // w ← w − 0.1·(w + 1·(w − 1)) from 1: w₁ = 0.9, w₂ = 0.9 − 0.1·(0.9 − 0.1) = 0.82, … → 0.5.
  TrainConfig config = Sgd(0.1);
  config.proximal_mu = 1.0;
  EXPECT_NEAR(FiveSteps(config)[0], 0.5 + 0.5 * std::pow(0.8, 5), 1e-6);
}

TEST(ClientOptimizerTest, ClippingScalesTheWholeGradient) {
  TrainConfig config = Sgd(1.0);
  config.grad_clip = 1.0;
  std::vector<float> w = {0, 0}, g = {3, 4};
  ClientOptimizer optimizer;
  optimizer.Start(config, w);
  optimizer.Step(w, g);
  EXPECT_NEAR(w[0], -0.6, 1e-6);
  EXPECT_NEAR(w[1], -0.8, 1e-6);
}

TEST(ClientOptimizerTest, FirstAdamStepIsTheRateWhateverTheGradient) {
  TrainConfig config = Sgd(0.01);
  config.optimizer.kind = OptimizerKind::kAdam;
  std::vector<float> w = {1, 1, 1}, g = {1e-3f, 10, -5};
  ClientOptimizer optimizer;
  optimizer.Start(config, w);
  optimizer.Step(w, g);
  EXPECT_NEAR(w[0], 0.99, 1e-6);
  EXPECT_NEAR(w[1], 0.99, 1e-6);
  EXPECT_NEAR(w[2], 1.01, 1e-6);
}

TEST(ClientOptimizerTest, StateIsFreshAtEveryStart) {
  TrainConfig config = Sgd(0.1);
  config.optimizer.momentum = 0.9;
  ClientOptimizer optimizer;
  std::vector<float> first = {1.0f}, second = {1.0f};
  for (std::vector<float>* w : {&first, &second}) {
    optimizer.Start(config, *w);
    for (int step = 0; step < 3; ++step) {
      std::vector<float> g = *w;
      optimizer.Step(*w, g);
    }
  }
  EXPECT_EQ(first, second);
}

TEST(ClientOptimizerTest, StepInPartsIsTheStepBitForBit) {
  std::vector<TrainConfig> configs(3, Sgd(0.1));
  configs[1].optimizer.momentum = 0.9;
  configs[1].optimizer.nesterov = true;
  configs[2].optimizer.kind = OptimizerKind::kAdam;
  for (TrainConfig& config : configs) {
    config.optimizer.weight_decay = 0.01;
    config.proximal_mu = 0.3;
    std::vector<float> whole(50), parts;
    for (std::size_t i = 0; i < whole.size(); ++i) whole[i] = std::sin(static_cast<float>(i));
    parts = whole;
    ClientOptimizer one, other;
    one.Start(config, whole);
    other.Start(config, parts);
    for (int step = 0; step < 4; ++step) {
      std::vector<float> g(whole.size());
      for (std::size_t i = 0; i < g.size(); ++i)
        g[i] = std::cos(static_cast<float>(i) * static_cast<float>(step));
      std::vector<float> same = g;
      one.Step(whole, g);
      other.BeginStep();
      other.StepPart(17, std::span(parts).subspan(17), std::span(same).subspan(17));
      other.StepPart(0, std::span(parts).first(17), std::span(same).first(17));
      EXPECT_EQ(whole, parts);
    }
  }
}

TEST(ClientOptimizerTest, OnlyPlainSgdIsPlain) {
  ClientOptimizer optimizer;
  const std::vector<float> w = {1};
  optimizer.Start(Sgd(0.1), w);
  EXPECT_TRUE(optimizer.is_plain_sgd());
  TrainConfig clipped = Sgd(0.1);
  clipped.grad_clip = 1;
  optimizer.Start(clipped, w);
  EXPECT_FALSE(optimizer.is_plain_sgd());
}

TEST(ClientOptimizerTest, SettingsOutOfRangeAreNamed) {
  const auto refusal = [](auto change) {
    TrainConfig config;
    change(config);
    return CheckTrainConfig(config).what();
  };
  EXPECT_EQ(refusal([](TrainConfig& c) { c.batch = 0; }), "train.batch is 0.000000, expected at least 1");
  EXPECT_NE(refusal([](TrainConfig& c) { c.optimizer.lr = -1; }).find("optimizer.lr"), std::string::npos);
  EXPECT_NE(refusal([](TrainConfig& c) { c.optimizer.lr = NAN; }).find("optimizer.lr"), std::string::npos);
  EXPECT_NE(refusal([](TrainConfig& c) { c.optimizer.momentum = 1; }).find("momentum"), std::string::npos);
  EXPECT_NE(refusal([](TrainConfig& c) { c.optimizer.nesterov = true; }).find("nesterov"), std::string::npos);
  EXPECT_NE(refusal([](TrainConfig& c) { c.proximal_mu = INFINITY; }).find("proximal_mu"), std::string::npos);
}

TEST(AllFiniteTest, OneBadValueAnywhereIsFound) {
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    for (std::size_t at = 0; at < 40; ++at) {
      std::vector<float> values(40, 1e38f);
      EXPECT_TRUE(AllFinite(values));
      values[at] = bad;
      EXPECT_FALSE(AllFinite(values)) << at;
    }
  }
}

TEST(FlatNormTest, KnownTriangle) {
  std::vector<float> values(20, 0.0f);
  values[1] = 3;
  values[18] = 4;
  EXPECT_EQ(FlatNorm(values), 5.0);
}

}  // namespace
}  // namespace cairn

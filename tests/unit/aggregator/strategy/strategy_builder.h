#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "aggregator/strategy/strategy.h"

namespace cairn {

// A job's strategy and state over a model of three parameters, for numbers that can be done by hand.
class StrategyBuilder {
 public:
  explicit StrategyBuilder(std::string name) { config_.name = std::move(name); }

  StrategyBuilder& Lr(double value) { return config_.lr = value, *this; }
  StrategyBuilder& Momentum(double value) { return config_.momentum = value, *this; }
  StrategyBuilder& Betas(double beta1, double beta2) {
    return config_.beta1 = beta1, config_.beta2 = beta2, *this;
  }
  StrategyBuilder& Tau(double value) { return config_.tau = value, *this; }
  StrategyBuilder& Mu(double value) { return config_.mu = value, *this; }

  Result<std::unique_ptr<Strategy>> TryBuild() const { return NewStrategy(config_); }
  std::unique_ptr<Strategy> Build() const { return NewStrategy(config_).value(); }

 private:
  StrategyConfig config_;
};

inline ParameterSet ModelOf(const std::vector<float>& w) {
  ParameterSet model(ParameterSpec::Create(
                         {{"w", {static_cast<std::int64_t>(w.size())}, Role::kParameter, Scope::kExchanged}})
                         .value());
  std::copy(w.begin(), w.end(), model.floats().begin());
  return model;
}

inline AggregateUpdate UpdateFor(const ServerState& state, std::vector<float> delta) {
  AggregateUpdate update;
  update.layout = LayoutOf(state.model.spec());
  update.parameters = std::move(delta);
  update.total_weight = 1;
  update.count = 1;
  return update;
}

inline std::vector<float> Parameters(const ServerState& state) {
  const std::span<const float> w = state.model.parameters();
  return {w.begin(), w.end()};
}

inline void ExpectNear(const std::vector<float>& got, const std::vector<double>& expected,
                       double relative = 1e-6) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i], relative * std::max(1.0, std::abs(expected[i]))) << "element " << i;
  }
}

}  // namespace cairn

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "aggregator/strategy/strategy.h"

namespace cairn {

// What strategies that take a step along the weighted mean share: the aggregator, the checks, the tiles, and
// the rules for buffers and counters. A strategy adds its Step. Internal to this folder.
class MeanStrategy : public Strategy {
 public:
  // What the server remembers of each exchanged parameter: m from 0, v from a number of its own.
  struct Memory {
    bool m = false;
    std::optional<float> v;
  };
  MeanStrategy(std::string name, Memory memory) : name_(std::move(name)), memory_(memory) {}

  std::string_view name() const final { return name_; }
  ServerState Start(ParameterSet model) const final;
  TrainConfig Configure(const TrainConfig& job, const ServerState& state) const override;
  std::unique_ptr<UpdateAggregator> NewAggregator(const UpdateLayout& layout) const final;
  Status Apply(const AggregateUpdate& update, ServerState& state) const final;

 protected:
  // The same run of exchanged parameters in each vector; m and v are empty where the strategy keeps none.
  struct Tile {
    std::span<float> w;
    std::span<const float> delta;
    std::span<float> m, v;
  };
  // w, m, v ← next, element by element. The result must not depend on where tiles begin or end: arithmetic in
  // double on the stored floats, one rounding to float for each value kept.
  virtual void Step(const Tile& tile) const = 0;

 private:
  Status Check(const AggregateUpdate& update, const ServerState& state) const;

  std::string name_;
  Memory memory_;
};

// A setting's range, for the factories: low ≤ value < high, or low < value where open.
struct Range {
  double low = 0;
  double high = 0;
  bool open = false;
};
// Refuses a value outside (kConfigValue), NaN and infinities too: "strategy.beta1 is 1.5, must be in [0, 1)".
Status CheckSetting(std::string_view key, double value, Range range);

// Each in a file of its own.
Result<std::unique_ptr<Strategy>> NewFedAvg(const StrategyConfig& config);
Result<std::unique_ptr<Strategy>> NewFedAvgM(const StrategyConfig& config);
Result<std::unique_ptr<Strategy>> NewFedProx(const StrategyConfig& config);
Result<std::unique_ptr<Strategy>> NewFedAdagrad(const StrategyConfig& config);
Result<std::unique_ptr<Strategy>> NewFedAdam(const StrategyConfig& config);
Result<std::unique_ptr<Strategy>> NewFedYogi(const StrategyConfig& config);

}  // namespace cairn

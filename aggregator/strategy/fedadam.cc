// FedAdam: Reddi et al., "Adaptive Federated Optimization", arXiv 2003.00295, algorithm 2:
//
//   m ← β₁ m + (1 − β₁) Δ̄
//   v ← β₂ v + (1 − β₂) Δ̄²
//   w ← w + η m / (√v + τ)

#include "aggregator/strategy/adaptive.h"

namespace cairn {
namespace {

class FedAdam final : public AdaptiveStrategy {
 public:
  explicit FedAdam(const StrategyConfig& config) : AdaptiveStrategy("fedadam", config) {}

 private:
  void Step(const Tile& tile) const override {
    AdaptiveStep(tile, [b = beta2()](double v, double square) { return b * v + (1 - b) * square; });
  }
};

}  // namespace

Result<std::unique_ptr<Strategy>> NewFedAdam(const StrategyConfig& config) {
  CAIRN_RETURN_IF_ERROR(AdaptiveStrategy::CheckSettings(config));
  return std::unique_ptr<Strategy>(new FedAdam(config));
}

}  // namespace cairn

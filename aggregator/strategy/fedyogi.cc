// FedYogi: Reddi et al., "Adaptive Federated Optimization", arXiv 2003.00295, algorithm 2:
//
//   m ← β₁ m + (1 − β₁) Δ̄
//   v ← v − (1 − β₂) Δ̄² sign(v − Δ̄²)
//   w ← w + η m / (√v + τ)

#include "aggregator/strategy/adaptive.h"

namespace cairn {
namespace {

class FedYogi final : public AdaptiveStrategy {
 public:
  explicit FedYogi(const StrategyConfig& config) : AdaptiveStrategy("fedyogi", config) {}

 private:
  void Step(const Tile& tile) const override {
    AdaptiveStep(tile, [b = beta2()](double v, double square) {
      const double sign = v > square ? 1 : v < square ? -1 : 0;
      return v - (1 - b) * square * sign;
    });
  }
};

}  // namespace

Result<std::unique_ptr<Strategy>> NewFedYogi(const StrategyConfig& config) {
  CAIRN_RETURN_IF_ERROR(AdaptiveStrategy::CheckSettings(config));
  return std::unique_ptr<Strategy>(new FedYogi(config));
}

}  // namespace cairn

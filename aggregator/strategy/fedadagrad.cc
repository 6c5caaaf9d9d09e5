// FedAdagrad: Reddi et al., "Adaptive Federated Optimization", arXiv 2003.00295, algorithm 2:
//
//   m ← β₁ m + (1 − β₁) Δ̄
//   v ← v + Δ̄²
//   w ← w + η m / (√v + τ)

#include "aggregator/strategy/adaptive.h"

namespace cairn {
namespace {

class FedAdagrad final : public AdaptiveStrategy {
 public:
  explicit FedAdagrad(const StrategyConfig& config) : AdaptiveStrategy("fedadagrad", config) {}

 private:
  void Step(const Tile& tile) const override {
    AdaptiveStep(tile, [](double v, double square) { return v + square; });
  }
};

}  // namespace

Result<std::unique_ptr<Strategy>> NewFedAdagrad(const StrategyConfig& config) {
  CAIRN_RETURN_IF_ERROR(AdaptiveStrategy::CheckSettings(config));
  return std::unique_ptr<Strategy>(new FedAdagrad(config));
}

}  // namespace cairn

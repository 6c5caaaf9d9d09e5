#pragma once

#include <cmath>

#include "aggregator/strategy/mean_strategy.h"

namespace cairn {

// FedOpt with an adaptive server: Reddi et al., "Adaptive Federated Optimization", arXiv 2003.00295,
// algorithm 2.
//
//   m ← β₁ m + (1 − β₁) Δ̄
//   v ← as the variant says
//   w ← w + η m / (√v + τ)
//
// No bias correction, as in the paper; m starts at 0, v at τ² (the paper: at least τ²). Internal to this
// folder.
class AdaptiveStrategy : public MeanStrategy {
 public:
  AdaptiveStrategy(std::string name, const StrategyConfig& config);

  // lr > 0, β₁ and β₂ in [0, 1), τ > 0.
  static Status CheckSettings(const StrategyConfig& config);

 protected:
  double beta2() const { return beta2_; }

  // `next_v(v, Δ̄²)` in double.
  template <class NextV>
  void AdaptiveStep(const Tile& tile, NextV next_v) const;

 private:
  double eta_, beta1_, beta2_, tau_;
};

template <class NextV>
void AdaptiveStrategy::AdaptiveStep(const Tile& tile, NextV next_v) const {
  for (std::size_t i = 0; i < tile.w.size(); ++i) {
    const double delta = tile.delta[i];
    tile.m[i] = static_cast<float>(beta1_ * tile.m[i] + (1 - beta1_) * delta);
    tile.v[i] = static_cast<float>(next_v(static_cast<double>(tile.v[i]), delta * delta));
    tile.w[i] =
        static_cast<float>(tile.w[i] + eta_ * tile.m[i] / (std::sqrt(static_cast<double>(tile.v[i])) + tau_));
  }
}

}  // namespace cairn

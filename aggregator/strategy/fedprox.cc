// FedProx: Li et al., "Federated Optimization in Heterogeneous Networks", arXiv 1812.06127, algorithm 2.
//
//   client   gradient + μ (θ − w)   (TrainConfig::proximal_mu)
//   server   w ← w + η Δ̄            as FedAvg

#include <limits>

#include "aggregator/strategy/mean_strategy.h"

namespace cairn {
namespace {

class FedProx final : public MeanStrategy {
 public:
  FedProx(double lr, double mu) : MeanStrategy("fedprox", {}), eta_(lr), mu_(mu) {}

  TrainConfig Configure(const TrainConfig& job, const ServerState&) const override {
    TrainConfig config = job;
    config.proximal_mu = mu_;
    return config;
  }

 private:
  void Step(const Tile& tile) const override {
    for (std::size_t i = 0; i < tile.w.size(); ++i) {
      tile.w[i] = static_cast<float>(tile.w[i] + eta_ * tile.delta[i]);
    }
  }

  double eta_, mu_;
};

}  // namespace

Result<std::unique_ptr<Strategy>> NewFedProx(const StrategyConfig& config) {
  constexpr double kAny = std::numeric_limits<double>::infinity();
  CAIRN_RETURN_IF_ERROR(CheckSetting("lr", config.lr, {0, kAny, true}));
  CAIRN_RETURN_IF_ERROR(CheckSetting("mu", config.mu, {0, kAny}));
  return std::unique_ptr<Strategy>(new FedProx(config.lr, config.mu));
}

}  // namespace cairn

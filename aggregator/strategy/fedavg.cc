// FedAvg: McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data",
// arXiv 1602.05629, algorithm 1, with a server learning rate (1 is the paper's):
//
//   w ← w + η Δ̄

#include <limits>

#include "aggregator/strategy/mean_strategy.h"

namespace cairn {
namespace {

class FedAvg final : public MeanStrategy {
 public:
  explicit FedAvg(double lr) : MeanStrategy("fedavg", {}), eta_(lr) {}

 private:
  void Step(const Tile& tile) const override {
    for (std::size_t i = 0; i < tile.w.size(); ++i) {
      tile.w[i] = static_cast<float>(tile.w[i] + eta_ * tile.delta[i]);
    }
  }

  double eta_;
};

}  // namespace

Result<std::unique_ptr<Strategy>> NewFedAvg(const StrategyConfig& config) {
  CAIRN_RETURN_IF_ERROR(CheckSetting("lr", config.lr, {0, std::numeric_limits<double>::infinity(), true}));
  return std::unique_ptr<Strategy>(new FedAvg(config.lr));
}

}  // namespace cairn

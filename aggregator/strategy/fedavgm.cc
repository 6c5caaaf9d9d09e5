// FedAvgM: Hsu et al., "Measuring the Effects of Non-Identical Data Distribution for Federated Visual
// Classification", arXiv 1909.06335, section 4.3. The paper's velocity v is kept as m, the first moment.
//
//   m ← β m + Δ̄
//   w ← w + η m

#include <limits>

#include "aggregator/strategy/mean_strategy.h"

namespace cairn {
namespace {

class FedAvgM final : public MeanStrategy {
 public:
  FedAvgM(double lr, double momentum)
      : MeanStrategy("fedavgm", {.m = true, .v = {}}), eta_(lr), beta_(momentum) {}

 private:
  void Step(const Tile& tile) const override {
    for (std::size_t i = 0; i < tile.w.size(); ++i) {
      tile.m[i] = static_cast<float>(beta_ * tile.m[i] + tile.delta[i]);
      tile.w[i] = static_cast<float>(tile.w[i] + eta_ * tile.m[i]);
    }
  }

  double eta_, beta_;
};

}  // namespace

Result<std::unique_ptr<Strategy>> NewFedAvgM(const StrategyConfig& config) {
  CAIRN_RETURN_IF_ERROR(CheckSetting("lr", config.lr, {0, std::numeric_limits<double>::infinity(), true}));
  CAIRN_RETURN_IF_ERROR(CheckSetting("momentum", config.momentum, {0, 1}));
  return std::unique_ptr<Strategy>(new FedAvgM(config.lr, config.momentum));
}

}  // namespace cairn

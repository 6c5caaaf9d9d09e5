#include "aggregator/strategy/adaptive.h"

#include <limits>

namespace cairn {

AdaptiveStrategy::AdaptiveStrategy(std::string name, const StrategyConfig& config)
    : MeanStrategy(std::move(name), {.m = true, .v = static_cast<float>(config.tau * config.tau)}),
      eta_(config.lr),
      beta1_(config.beta1),
      beta2_(config.beta2),
      tau_(config.tau) {}

Status AdaptiveStrategy::CheckSettings(const StrategyConfig& config) {
  constexpr double kAny = std::numeric_limits<double>::infinity();
  CAIRN_RETURN_IF_ERROR(CheckSetting("lr", config.lr, {0, kAny, true}));
  CAIRN_RETURN_IF_ERROR(CheckSetting("beta1", config.beta1, {0, 1}));
  CAIRN_RETURN_IF_ERROR(CheckSetting("beta2", config.beta2, {0, 1}));
  return CheckSetting("tau", config.tau, {0, kAny, true});
}

}  // namespace cairn

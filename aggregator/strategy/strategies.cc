#include <algorithm>
#include <array>

#include "aggregator/strategy/mean_strategy.h"
#include "core/base/edit_distance.h"
#include "core/base/text.h"

namespace cairn {
namespace {

struct Entry {
  const char* name;
  Result<std::unique_ptr<Strategy>> (*create)(const StrategyConfig&);
};
constexpr Entry kStrategies[] = {
    {"fedadagrad", NewFedAdagrad}, {"fedadam", NewFedAdam}, {"fedavg", NewFedAvg},
    {"fedavgm", NewFedAvgM},       {"fedprox", NewFedProx}, {"fedyogi", NewFedYogi},
};

Status UnknownName(const std::string& name) {
  std::string all;
  for (const std::string& known : StrategyNames()) all += (all.empty() ? "" : ", ") + known;
  const std::string nearest = NearestWord(name, StrategyNames());
  return Status(errors::kConfigValue,
                "strategy.name is \"" + EscapeControls(name) + "\", which is no known strategy")
      .Mend(nearest.empty() ? "choose one of " + all : "did you mean \"" + nearest + "\"? known are " + all);
}

}  // namespace

std::span<const std::string> StrategyNames() {
  static const auto names = [] {
    std::array<std::string, std::size(kStrategies)> result;
    std::transform(std::begin(kStrategies), std::end(kStrategies), result.begin(),
                   [](auto& e) { return e.name; });
    return result;
  }();
  return names;
}

Result<std::unique_ptr<Strategy>> NewStrategy(const StrategyConfig& config) {
  for (const Entry& entry : kStrategies) {
    if (config.name == entry.name) return entry.create(config);
  }
  return UnknownName(config.name);
}

}  // namespace cairn

#include "protocol/messages/strategy_defaults.h"

namespace cairn {

StrategyConfig DefaultStrategy(const std::string& name) {
  StrategyConfig config{.name = name};
  if (name == "fedadagrad") {  // Reddi et al., arXiv 2003.00295, appendix D
    config.lr = 0.1;
    config.beta1 = 0;
  } else if (name == "fedadam" || name == "fedyogi") {  // the same
    config.lr = 0.01;
  }
  return config;
}

}  // namespace cairn

#include <memory>

#include "cli/cairn/commands.h"
#include "cli/cairn/demo.h"

namespace cairn {

void AddDemoCommand(CommandSet& commands) {
  auto options = std::make_shared<DemoOptions>();
  commands.Add("demo", "A whole federation on this machine: aggregator, sites, mutual TLS, one job")
      .Has({"--sites", "N", "number of sites", &options->sites})
      .Has({"--rounds", "N", "training rounds", &options->rounds})
      .Has({"--seed", "N", "seed of data split, model and training", &options->seed})
      .Has({"--keep", "DIR", "keep keys, logs and configuration of the demo in DIR", &options->keep})
      .Has({"--out", "DIR", "where the run directory goes", &options->out})
      .Run([options](CommandOutput& out) { return RunDemo(*options, out); });
}

}  // namespace cairn

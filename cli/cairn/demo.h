#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "cli/frame/output.h"
#include "core/base/status.h"

namespace cairn {

struct DemoOptions {
  std::int64_t sites = 4, rounds = 5, seed = 1;
  std::string keep;          // working folder that stays; empty: a temporary one that goes
  std::string out = "runs";  // where the run directory is copied to
};

// A whole federation on this machine: authority, aggregator, sites, each its own process over mutual
// TLS, enrolled as real ones are; one job to its end; then everything is stopped.
Status RunDemo(const DemoOptions& options, CommandOutput& out);

}  // namespace cairn

#pragma once

#include <span>
#include <string>
#include <vector>

#include "aggregator/engine/actions.h"

namespace cairn {

// What an aggregator holds, or has held, of each attempt of a job, told from the job's records alone: who was
// asked, who was lost in which phase, which public keys, sealed shares and masked vectors came, and what was
// opened. JSON:
//
//   {"job", "masked", "bits", "attempts": [{"round", "attempt", "kind", "outcome", "invited": [site …],
//     "adverts": […], "shares": […], "vectors": [{"site", "sha256", "bytes"} …], "survivors": […],
//     "lost": {"keys": […], "shares": […], "vector": […]}, "examples"}]}
std::string HoldingsJson(const JobManifest& manifest, const std::vector<std::string>& participants,
                         std::span<const Record> records);

}  // namespace cairn

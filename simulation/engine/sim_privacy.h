#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "client/agent/privacy_desk.h"
#include "core/base/result.h"
#include "simulation/engine/sim_work.h"

namespace cairn {

// What simulated sites' people have spent so far. The largest holds where nobody is at two sites, the sum for
// one who is at all of them.
struct SimPrivacySpent {
  double max_epsilon = 0, sum_epsilon = 0;  // of clients, who are in no two places, the largest alone counts
  double delta = 0;
};

// Of the aggregator's own noise, a stream that no client has.
NoiseBits CentralNoise(std::uint64_t seed, RoundId round);

// One budget a client, in memory and without a cap; its population is the number of its training rows, each
// taken for a patient, or of all clients where they are protected as such. One δ for all: the job's, or the
// default of the largest client. Null for a job without privacy terms. kPrivacySampling where a lot is larger
// than a client, which is named; kPrivacyDelta.
Result<std::vector<std::unique_ptr<PrivacyDesk>>> MakePrivacyDesks(const JobManifest& manifest,
                                                                   const std::vector<SimClient>& clients);

// None where no desk is.
std::optional<SimPrivacySpent> SpentOf(const std::vector<const PrivacyDesk*>& desks);

}  // namespace cairn

#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "aggregator/server/aggregator_config.h"
#include "core/base/result.h"
#include "privacy/crypto/secret_bytes.h"

namespace cairn {

// aggregator.toml of this machine's aggregator; `dir` as AggregatorFolder takes it. kNotFound names the
// command that makes one.
Result<AggregatorFileConfig> LoadAggregatorConfig(const std::string& dir);

// Asks the enrolment desk (aggregator/server/enrolment_verbs.h): the running aggregator, or, where none
// runs, the desk's own folder under its lock. The answer's data.
Result<nlohmann::json> DeskCall(const AggregatorFileConfig& config, const nlohmann::json& request,
                                const SecretBytes& passphrase = {});

}  // namespace cairn

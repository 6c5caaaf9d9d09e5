#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "aggregator/engine/central_budget.h"
#include "core/base/clock.h"
#include "core/base/config_reader.h"
#include "core/base/result.h"

namespace cairn {

// What aggregator.toml says. Relative paths start at the folder of the file.
struct AggregatorFileConfig {
  std::string federation;
  std::string name = "aggregator";       // of its certificate
  std::string address = "0.0.0.0:8443";  // where it listens
  std::string public_address;            // host:port that sites dial, written into invites; empty: address
  std::filesystem::path state_dir;       // journal, models, runs; the admin socket lies here too
  std::filesystem::path issuer;          // folder of the issuing authority
  std::filesystem::path root;            // folder of the root key, where it is on this host; else empty
  Duration heartbeat = std::chrono::seconds(15);
  Duration stall_timeout = std::chrono::seconds(120);
  std::optional<CentralTerms> privacy;  // none: jobs whose noise the aggregator draws are refused

  std::filesystem::path privacy_ledger() const { return state_dir / "privacy.ledger"; }
  std::filesystem::path certificate() const { return state_dir / "tls" / "server.crt"; }
  std::filesystem::path key() const { return state_dir / "tls" / "server.key"; }
  std::filesystem::path signing_key() const { return state_dir / "tls" / "signing.key"; }
  std::filesystem::path roots() const { return state_dir / "tls" / "roots.crt"; }
  std::filesystem::path socket() const { return state_dir / "admin.sock"; }
  std::filesystem::path runs() const { return state_dir / "runs"; }
};

// Asks for every key without finishing, so that ConfigReader::Describe can ask too.
AggregatorFileConfig ReadAggregatorConfig(ConfigReader& root, const std::filesystem::path& folder);
Result<AggregatorFileConfig> ParseAggregatorConfig(const ConfigDocument& document,
                                                   const std::filesystem::path& folder);
// The file `cairn aggregator init` leaves behind.
std::string AggregatorToml(const AggregatorFileConfig& config);

}  // namespace cairn

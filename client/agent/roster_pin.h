#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "client/agent/agent_messages.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "privacy/crypto/roster.h"

namespace cairn {

// The roster a site believes: signed by the federation's root, of the highest version it has seen. The file
// lies in the site's state folder, so an older one is refused after a restart too. Not thread-safe.
class RosterPin {
 public:
  struct Config {
    std::filesystem::path file;  // STATE/roster, as joining wrote it
    VerifyKey root_key;
    std::string federation, site;
    VerifyKey own_key;  // what the roster must say of this site
  };
  // Reads the file. None, or one that is not believed any more, is no error: the aggregator sends one with
  // each plan.
  static Result<RosterPin> Open(Config config, std::chrono::system_clock::time_point now);

  // Believes a newer file (and keeps it), or the same again. kRosterSignature, kRosterRollback,
  // kFederationMismatch; kSecAggMember when it does not name this site with its key, or no aggregator.
  Status Pin(std::span<const std::byte> file, std::chrono::system_clock::time_point now);

  const std::optional<MaskingIdentity>& identity() const { return identity_; }

 private:
  explicit RosterPin(Config config) : config_(std::move(config)) {}
  Result<MaskingIdentity> Check(std::span<const std::byte> file,
                                std::chrono::system_clock::time_point now) const;

  Config config_;
  std::optional<MaskingIdentity> identity_;
};

// The root's key from roots.crt: of its certificates the one that signed itself. kTlsCertificate.
Result<VerifyKey> RootKeyOf(const std::string& roots_pem);

// The membership and the aggregator's key that a verified roster holds; kSecAggMember when it names no
// aggregator.
Result<MaskingIdentity> MaskingIdentityOf(const Roster& roster, std::span<const std::byte> file);

}  // namespace cairn

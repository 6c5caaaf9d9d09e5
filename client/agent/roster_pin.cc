#include "client/agent/roster_pin.h"

#include "core/base/log.h"
#include "core/runtime/files.h"
#include "privacy/crypto/certificate.h"
#include "privacy/crypto/private_file.h"

namespace cairn {

Result<VerifyKey> RootKeyOf(const std::string& roots_pem) {
  CAIRN_ASSIGN_OR_RETURN(const std::vector<Certificate> chain, Certificate::ChainFromPem(roots_pem));
  for (const Certificate& certificate : chain) {
    if (certificate.subject() == certificate.issuer()) return ToVerifyKey(certificate.public_key());
  }
  return Status(errors::kTlsCertificate, "the roots file holds no root certificate");
}

Result<MaskingIdentity> MaskingIdentityOf(const Roster& roster, std::span<const std::byte> file) {
  const RosterMember* aggregator = roster.Aggregator();
  if (aggregator == nullptr) {
    return Status(errors::kSecAggMember,
                  "version " + std::to_string(roster.version) + " of the roster names no aggregator")
        .Mend("on the aggregator's host: approve or revoke any site once, which writes the roster anew");
  }
  return MaskingIdentity{std::make_shared<const secagg::Membership>(secagg::Membership::Of(roster, file)),
                         aggregator->signing_key};
}

Result<RosterPin> RosterPin::Open(Config config, std::chrono::system_clock::time_point now) {
  RosterPin pin(std::move(config));
  const auto file = ReadPublicFile(pin.config_.file);
  if (file.status().id() == errors::kNotFound) return pin;
  CAIRN_RETURN_IF_ERROR(file.status());
  auto identity = pin.Check(*file, now);
  if (identity.ok()) {
    pin.identity_ = std::move(*identity);
  } else {  // out of date, say: the first plan brings one that is in force, or is declined
    Log(LogLevel::kWarning, "client", "the kept roster is not believed",
        {{"why", identity.status().ToString()}});
  }
  return pin;
}

Result<MaskingIdentity> RosterPin::Check(std::span<const std::byte> file,
                                         std::chrono::system_clock::time_point now) const {
  const std::uint64_t lowest = identity_.has_value() ? identity_->membership->version : 0;
  CAIRN_ASSIGN_OR_RETURN(const Roster roster,
                         VerifyRoster(file, {config_.root_key, config_.federation, lowest,
                                             std::chrono::floor<std::chrono::seconds>(now)}));
  const RosterMember* own = roster.Find(config_.site);
  if (own == nullptr || own->state != MemberState::kActive || own->signing_key != config_.own_key) {
    return Status(errors::kSecAggMember, "version " + std::to_string(roster.version) +
                                             " of the roster does not name this site with its signing key");
  }
  return MaskingIdentityOf(roster, file);
}

Status RosterPin::Pin(std::span<const std::byte> file, std::chrono::system_clock::time_point now) {
  if (identity_.has_value() && identity_->membership->hash == Sha256::Of(file)) return {};
  CAIRN_ASSIGN_OR_RETURN(MaskingIdentity identity, Check(file, now));
  CAIRN_RETURN_IF_ERROR(WritePublicFile(config_.file, file));
  identity_ = std::move(identity);
  return {};
}

}  // namespace cairn

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace cairn {

// What a certificate's bearer is; the table of methods names the roles that may call each.
enum class PeerRole : std::uint8_t {
  kSite = 1,
  kOperator = 2,
  kResearcher = 3,
  kAuditor = 4,
  kInvite = 5,  // reaches enrolment only
  kAggregator = 6,
};
std::string_view ToString(PeerRole role);  // "site"
std::optional<PeerRole> ParsePeerRole(std::string_view text);

// Names of federations and members: 1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter
// or digit. They go into URIs, file names and screens unescaped.
bool IsMemberName(std::string_view name);

// Who is at the other end, as its certificate's one URI says: spiffe://<federation>/<role>/<name>.
struct PeerIdentity {
  std::string federation;
  PeerRole role = PeerRole::kInvite;
  std::string name;

  std::string uri() const;
  static Result<PeerIdentity> ParseUri(std::string_view uri);  // kTlsCertificate
  friend bool operator==(const PeerIdentity&, const PeerIdentity&) = default;
};

// From the PEM that gRPC's auth context holds (x509_pem_cert). The certificate must have been
// verified already; this reads its name. Errors: kTlsCertificate.
Result<PeerIdentity> IdentityFromPem(std::string_view pem);

}  // namespace cairn

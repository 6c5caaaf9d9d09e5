#include "privacy/crypto/peer_identity.h"

#include <algorithm>
#include <array>
#include <utility>

#include "privacy/crypto/certificate.h"

namespace cairn {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr std::array<std::pair<PeerRole, std::string_view>, 6> kRoles{
    {{PeerRole::kSite, "site"},
     {PeerRole::kOperator, "operator"},
     {PeerRole::kResearcher, "researcher"},
     {PeerRole::kAuditor, "auditor"},
     {PeerRole::kInvite, "invite"},
     {PeerRole::kAggregator, "aggregator"}}};

bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

std::string_view ToString(PeerRole role) {
  const auto it =
      std::find_if(kRoles.begin(), kRoles.end(), [role](const auto& entry) { return entry.first == role; });
  return it == kRoles.end() ? "unknown" : it->second;
}

std::optional<PeerRole> ParsePeerRole(std::string_view text) {
  const auto it =
      std::find_if(kRoles.begin(), kRoles.end(), [text](const auto& entry) { return entry.second == text; });
  return it == kRoles.end() ? std::nullopt : std::optional(it->first);
}

bool IsMemberName(std::string_view name) {
  if (name.empty() || name.size() > 63 || !IsLetterOrDigit(name.front()) || !IsLetterOrDigit(name.back()))
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return IsLetterOrDigit(c) || c == '-'; });
}

std::string PeerIdentity::uri() const {
  return std::string(kScheme) + federation + "/" + std::string(ToString(role)) + "/" + name;
}

Result<PeerIdentity> PeerIdentity::ParseUri(std::string_view uri) {
  const Status wrong(errors::kTlsCertificate, "the certificate's URI is not spiffe://FEDERATION/ROLE/NAME");
  if (!uri.starts_with(kScheme)) return wrong;
  const std::string_view rest = uri.substr(kScheme.size());
  const std::size_t first = rest.find('/');
  const std::size_t second = first == std::string_view::npos ? first : rest.find('/', first + 1);
  if (second == std::string_view::npos) return wrong;
  const std::optional<PeerRole> role = ParsePeerRole(rest.substr(first + 1, second - first - 1));
  PeerIdentity identity{std::string(rest.substr(0, first)), role.value_or(PeerRole::kInvite),
                        std::string(rest.substr(second + 1))};
  if (!role || !IsMemberName(identity.federation) || !IsMemberName(identity.name)) return wrong;
  return identity;
}

Result<PeerIdentity> IdentityFromPem(std::string_view pem) {
  CAIRN_ASSIGN_OR_RETURN(const Certificate certificate, Certificate::FromPem(pem));
  return certificate.identity();
}

}  // namespace cairn

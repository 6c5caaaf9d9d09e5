#include "privacy/crypto/tls_diagnosis.h"

#include <algorithm>

namespace cairn {
namespace {

// TLS alert descriptions (RFC 8446 §6) that say something about us.
enum Alert : int {
  kBadCertificate = 42,
  kRevoked = 44,
  kExpired = 45,
  kUnknownCa = 48,
  kDecryptError = 51,  // an issuer of the expected name with another key: a federation that was made anew
  kProtocolVersion = 70,
  kCertificateRequired = 116,
};

Status FromOwnValidity(const ProbeTarget& target, const std::string& otherwise) {
  if (!target.identity.empty()) {
    const Certificate& own = target.identity.front();
    const Validity validity = own.validity();
    if (target.now < validity.not_before || target.now > validity.not_after) {
      return Status(errors::kTlsOurCertExpired,
                    "it refused our certificate, which is valid from " + DateText(validity.not_before) +
                        " to " + DateText(validity.not_after) + "; here it is " + DateText(target.now));
    }
  }
  return Status(errors::kTlsHandshake, otherwise);
}

}  // namespace

std::string Excerpt(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes.first(std::min<std::size_t>(bytes.size(), 16))) {
    const char c = static_cast<char>(byte);
    if (c < 0x20 || c > 0x7e) break;
    text += c;
  }
  return text.size() < 3 ? "bytes 0x" + ToHex(bytes.first(std::min<std::size_t>(bytes.size(), 4)))
                         : "'" + text + "'";
}

Status FromAlert(const Observations& seen) {
  const ProbeTarget& target = seen.target;
  const Certificate* own = target.identity.empty() ? nullptr : &target.identity.front();
  const std::string ours = own == nullptr ? "none" : own->names_text();
  const std::string said = "it ended TLS with alert " + std::to_string(seen.alert) + " (" +
                           SSL_alert_desc_string_long(seen.alert) + ")";
  switch (seen.alert) {
    case kCertificateRequired:
      return Status(errors::kTlsNoClientCert,
                    own == nullptr ? std::string("it asks for a certificate and we have none")
                                   : "it asks for a certificate and cannot use ours (" + ours + ")");
    case kUnknownCa:
    case kDecryptError:
      return Status(errors::kTlsOurCertUnknownCa, "it does not know the issuer of our certificate (" + ours +
                                                      ", issued by " +
                                                      (own == nullptr ? "nobody" : own->issuer()) + ")");
    case kExpired:
      return Status(errors::kTlsOurCertExpired,
                    "our certificate (" + ours + ") has expired" +
                        (own == nullptr ? "" : " on " + DateText(own->validity().not_after)));
    case kRevoked:
      return Status(errors::kMemberRevoked, "our certificate (" + ours + ") was revoked");
    case kProtocolVersion:
      return Status(errors::kTlsHandshake, said + ": it does not speak TLS 1.3");
    default:
      return FromOwnValidity(target, said);
  }
}

Status FromHangUp(const Observations& seen, const ProbeReport& report) {
  const ProbeTarget& target = seen.target;
  if (target.identity.empty()) {
    return Status(errors::kTlsNoClientCert,
                  "it hung up after the handshake, in which we had no certificate to show");
  }
  ChainTerms terms{{report.root}, report.chain, target.now, TlsSide::kClient};
  terms.intermediates.insert(terms.intermediates.end(), target.identity.begin() + 1, target.identity.end());
  if (Status own = VerifyChain(target.identity.front(), terms); !own.ok()) {
    return std::move(own).Within("it hung up after the handshake");
  }
  return Status(errors::kNetLost, "it hung up right after the handshake, without saying why")
      .Why("our certificate looks right from here; the aggregator's log has its reason");
}

Status FromChain(const Observations& seen) {
  if (seen.root_shown) {
    return Status(errors::kFederationMismatch, "it shows a root with fingerprint " +
                                                   seen.shown_root.short_hex() + ", expected " +
                                                   seen.target.pinned_root->short_hex());
  }
  if (!seen.leaf) return Status(errors::kTlsCertificate, "its certificate cannot be read");
  return ServerFault(seen.faults, *seen.leaf, seen.target.now, seen.target.endpoint.host);
}

Status CheckClientHello(std::span<const std::byte> first_bytes) {
  if (first_bytes.size() >= 3 && first_bytes[0] == std::byte{kHandshakeRecord} &&
      first_bytes[1] == std::byte{kTlsMajor})
    return {};
  return Status(errors::kTlsPlaintextClient,
                "a client began with " + Excerpt(first_bytes) + " where a TLS hello was expected");
}

}  // namespace cairn

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/keys.h"
#include "privacy/crypto/peer_identity.h"
#include "privacy/crypto/sha256.h"

namespace cairn {

using UnixTime = std::chrono::sys_seconds;

struct Validity {  // both ends included
  UnixTime not_before, not_after;
};

// An X.509 certificate as parsed from outside bytes: an immutable value, cheap to copy. Having one
// proves nothing; VerifyChain does. Errors of the parsers: kTlsCertificate. Thread-safe.
class Certificate {
 public:
  static Result<Certificate> FromDer(std::span<const std::byte> der);          // exactly one, ≤ 16 KiB
  static Result<Certificate> FromPem(std::string_view pem);                    // the first one
  static Result<std::vector<Certificate>> ChainFromPem(std::string_view pem);  // 1 to 8

  std::string ToPem() const;
  const Bytes& der() const { return facts_->der; }
  Sha256Digest fingerprint() const { return Sha256::Of(der()); }

  const std::string& subject() const { return facts_->subject; }  // RFC 2253, escaped
  const std::string& issuer() const { return facts_->issuer; }
  const std::string& serial() const { return facts_->serial; }  // hex
  Validity validity() const { return facts_->validity; }
  const PublicKey& public_key() const { return facts_->public_key; }
  const std::string& key_text() const { return facts_->key_text; }  // "P-256", "RSA 2048 bits"
  bool is_authority() const { return facts_->is_authority; }
  std::optional<std::uint32_t> path_length() const { return facts_->path_length; }
  const std::vector<std::string>& uris() const { return facts_->uris; }
  const std::vector<std::string>& dns_names() const { return facts_->dns_names; }
  const std::vector<std::string>& addresses() const { return facts_->addresses; }
  std::string label() const;       // what to call it in a message: its names, or else its subject
  std::string names_text() const;  // "DNS:a.example, IP:10.0.1.5", or "no names"

  // Its one URI; DNS names and addresses are allowed beside it for an aggregator only.
  Result<PeerIdentity> identity() const;

 private:
  struct Facts {
    Bytes der;
    std::string subject, issuer, serial, key_text;
    Validity validity;
    PublicKey public_key;
    bool is_authority = false;
    std::optional<std::uint32_t> path_length;
    std::vector<std::string> uris, dns_names, addresses;
  };
  explicit Certificate(std::shared_ptr<const Facts> facts) : facts_(std::move(facts)) {}
  // Shared so that copies of a certificate stay cheap; immutable, so sharing is invisible.
  std::shared_ptr<const Facts> facts_;
};

std::string ToPem(std::span<const Certificate> chain);

enum class TlsSide : std::uint8_t { kServer, kClient };

struct ChainTerms {
  std::vector<Certificate> roots;          // self-signed anchors
  std::vector<Certificate> intermediates;  // untrusted helpers
  UnixTime at;
  TlsSide side = TlsSide::kServer;  // what the leaf is for
};
// Signatures, validity, path lengths, key usage. For a server the errors are kTlsWrongCa,
// kTlsServerExpired, kTlsNotYetValid; for a client kTlsOurCertUnknownCa, kTlsOurCertExpired;
// kTlsCertificate for anything else.
Status VerifyChain(const Certificate& leaf, const ChainTerms& terms);

}  // namespace cairn

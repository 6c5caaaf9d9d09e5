#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/certificate_builder.h"
#include "privacy/crypto/invite.h"
#include "privacy/crypto/roster.h"

// A federation's two authorities, each a folder:
//   DIR/root.key      Ed25519, with a passphrase if wished; kept offline    DIR/root.pem
//   DIR/issuer/       issuer.key  issuer.pem  root.pem  federation          goes to the aggregator's host
// The root signs the roster and the issuer's certificate; the issuer signs TLS certificates and
// cannot add a member.

namespace cairn {

inline constexpr std::chrono::days kRootLife{20 * 365}, kIssuerLife{5 * 365}, kLeafLife{90};
inline constexpr std::chrono::hours kInviteLife{72};

class CertificateAuthority {
 public:
  // `cairn ca init`: makes both folders. kKeyFile when the folder already holds a root key;
  // kTlsCertificate for a bad federation name.
  static Result<CertificateAuthority> Create(const std::filesystem::path& folder, std::string_view federation,
                                             const SecretBytes& passphrase, UnixTime now);
  static Result<CertificateAuthority> Open(const std::filesystem::path& folder,
                                           const SecretBytes& passphrase);

  const std::string& federation() const { return federation_; }
  const Certificate& root() const { return root_; }
  Result<Bytes> Sign(const Roster& roster) const;  // kFederationMismatch for another one's

 private:
  CertificateAuthority(std::string federation, RootKey key, Certificate root)
      : federation_(std::move(federation)), key_(std::move(key)), root_(std::move(root)) {}
  std::string federation_;
  RootKey key_;
  Certificate root_;
};

// Const use is thread-safe.
class CertificateIssuer {
 public:
  // Checks that key, certificate and root belong together: kTlsKeyMismatch, kTlsWrongCa.
  static Result<CertificateIssuer> Open(const std::filesystem::path& folder);

  const std::string& federation() const { return federation_; }
  const Certificate& root() const { return root_; }
  const Certificate& issuer() const { return issuer_; }

  // A certificate for 90 days, or until the issuer's own ends; it begins five minutes early, for
  // clocks that are a little behind.
  Result<Certificate> IssueServer(const PublicKey& key, std::string_view name,
                                  std::vector<std::string> server_names, UnixTime now,
                                  std::chrono::seconds life = kLeafLife) const;
  Result<Certificate> IssueMember(const PublicKey& key, std::string_view name, PeerRole role, UnixTime now,
                                  std::chrono::seconds life = kLeafLife) const;
  Result<Invite> IssueInvite(const Endpoint& address, std::string_view name, PeerRole role, UnixTime now,
                             std::chrono::seconds life = kInviteLife) const;

  // What an aggregator shows with its certificate (issuer, root), and what it trusts of its clients,
  // who send their own certificate only (the same two).
  std::vector<Certificate> chain() const { return {issuer_, root_}; }

 private:
  CertificateIssuer(std::string federation, IssuerKey key, Certificate issuer, Certificate root)
      : federation_(std::move(federation)),
        key_(std::move(key)),
        issuer_(std::move(issuer)),
        root_(std::move(root)) {}
  Result<Validity> LeafValidity(UnixTime now, std::chrono::seconds life) const;

  std::string federation_;
  IssuerKey key_;
  Certificate issuer_, root_;
};

// Warns (kRootOnAggregator) when a root key lies in or beside this issuer folder.
Status CheckRootIsElsewhere(const std::filesystem::path& issuer_folder);

}  // namespace cairn

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/certificate.h"
#include "privacy/crypto/keys.h"

// Makes the certificates of a federation: root (Ed25519) → issuer (P-256, signs leaves only) →
// leaf (one peer, one URI). Serial numbers are random, 127 bits. Bad names are kTlsCertificate.

namespace cairn {

Result<Certificate> MakeRootCertificate(const RootKey& root_key, std::string_view federation,
                                        Validity validity);
Result<Certificate> MakeIssuerCertificate(const RootKey& root_key, const Certificate& root,
                                          const PublicKey& issuer_key, std::string_view federation,
                                          Validity validity);

struct LeafTerms {
  PeerIdentity identity;
  Validity validity;
  std::vector<std::string>
      server_names;  // host names and IP addresses; at least one for an aggregator, else none
};
Result<Certificate> MakeLeafCertificate(const IssuerKey& issuer_key, const Certificate& issuer,
                                        const PublicKey& subject, const LeafTerms& terms);

// A PKCS#10 request in PEM: proves that its maker holds the key. The names in it are for people; the
// issuer takes names from the invite.
std::string MakeCertificateRequest(const TlsKey& key, std::string_view name);
// The key a request proves possession of. Errors: kPossessionProof.
Result<PublicKey> VerifyCertificateRequest(std::string_view pem);

}  // namespace cairn

#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "privacy/crypto/certificate.h"
#include "privacy/crypto/keys.h"
#include "privacy/crypto/sha256.h"

namespace cairn {

// What a site sends to become a member: a certificate request for its TLS key and its signing key,
// each proving that the sender holds it. The name is part of the proof, so a request cannot be
// replayed for another name or federation.
struct EnrolmentRequest {
  std::string certificate_request;  // PKCS#10, PEM
  VerifyKey signing_key;
  Signature possession;  // by the signing key, over federation, name and the request
};

EnrolmentRequest MakeEnrolmentRequest(std::string_view federation, std::string_view name,
                                      const TlsKey& tls_key, const SigningKey& signing_key);

struct EnrolledKeys {
  PublicKey tls_key;
  VerifyKey signing_key;
  // What an invite is bound to once it was used: another digest is CAIRN-3104.
  Sha256Digest digest() const;
  friend bool operator==(const EnrolledKeys&, const EnrolledKeys&) = default;
};
// Errors: kPossessionProof.
Result<EnrolledKeys> VerifyEnrolmentRequest(const EnrolmentRequest& request, std::string_view federation,
                                            std::string_view name);

// What both ends see when they talk to each other and not to somebody in between: the five words are
// FiveWords(EnrolmentHash(…)), computed at each end from its own view.
struct EnrolmentView {
  std::string federation, name;
  EnrolledKeys site;
  Sha256Digest root;         // fingerprint of the root certificate
  PublicKey aggregator_tls;  // key of the certificate the aggregator showed
};
Sha256Digest EnrolmentHash(const EnrolmentView& view);

}  // namespace cairn

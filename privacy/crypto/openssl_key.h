#pragma once

#include "privacy/crypto/keys.h"
#include "privacy/crypto/openssl_ptr.h"

// What a PrivateKey holds, for the .cc files of this folder.

namespace cairn {

struct PrivateKey::Handle {
  ossl::Pkey key;
};

namespace ossl {

inline EVP_PKEY* KeyOf(const PrivateKey& key) { return key.handle().key.get(); }
// Ed25519 signs without a digest of its own.
inline const EVP_MD* DigestFor(const PrivateKey& key) {
  return key.kind() == KeyKind::kEd25519 ? nullptr : EVP_sha256();
}
PublicKey PublicKeyOf(EVP_PKEY* key);
// "Ed25519", "P-256", "RSA 2048 bits", "EC secp384r1".
std::string DescribeKey(EVP_PKEY* key);
bool IsKind(EVP_PKEY* key, KeyKind kind);

}  // namespace ossl
}  // namespace cairn

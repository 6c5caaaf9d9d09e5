#include "privacy/crypto/agreement.h"

#include <utility>

#include "core/base/check.h"
#include "privacy/crypto/openssl_ptr.h"
#include "privacy/crypto/secure_random.h"

namespace cairn {

struct Agreement::Handle {
  ossl::Pkey key;
  ossl::PkeyContext deriving;  // begun once, copied for each peer
};

Agreement::Agreement(std::unique_ptr<Handle> handle, AgreementPublic public_key)
    : handle_(std::move(handle)), public_(public_key) {}
Agreement::Agreement(Agreement&&) noexcept = default;
Agreement& Agreement::operator=(Agreement&&) noexcept = default;
Agreement::~Agreement() = default;

// From the operating system each time: a process or machine that was cloned does not repeat a key.
Agreement Agreement::Generate() {
  const SecretBytes secret = SecureRandom::Secret(AgreementPublic{}.bytes.size());
  return FromSecret(secret.Reveal(RevealSecret{}).first<32>());
}

Agreement Agreement::FromSecret(std::span<const std::byte, 32> secret) {
  ossl::Pkey key(
      EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, ossl::Data(secret), secret.size()));
  AgreementPublic public_key;
  std::size_t size = public_key.bytes.size();
  CAIRN_CHECK(key && EVP_PKEY_get_raw_public_key(key.get(), ossl::Out(public_key.bytes), &size) == 1 &&
                  size == public_key.bytes.size(),
              "any 32 bytes are a private key of X25519");
  ossl::PkeyContext deriving(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  CAIRN_CHECK(deriving && EVP_PKEY_derive_init(deriving.get()) == 1, "a key of X25519 derives");
  return Agreement(std::unique_ptr<Handle>(new Handle{std::move(key), std::move(deriving)}), public_key);
}

SecretBytes Agreement::secret() const {
  SecretBytes secret(32);
  std::size_t size = secret.size();
  CAIRN_CHECK(EVP_PKEY_get_raw_private_key(handle_->key.get(), ossl::Out(secret.Overwrite(RevealSecret{})),
                                           &size) == 1 &&
                  size == secret.size(),
              "a private key of X25519 has 32 bytes");
  return secret;
}

Result<SecretBytes> Agreement::Derive(const AgreementPublic& peer) const {
  const ossl::Pkey theirs(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, ossl::Data(peer.bytes), peer.bytes.size()));
  const ossl::PkeyContext context(EVP_PKEY_CTX_dup(handle_->deriving.get()));
  SecretBytes shared(32);
  std::size_t size = shared.size();
  const bool derived =
      theirs && context && EVP_PKEY_derive_set_peer_ex(context.get(), theirs.get(), 0) == 1 &&
      EVP_PKEY_derive(context.get(), ossl::Out(shared.Overwrite(RevealSecret{})), &size) == 1 &&
      size == shared.size();
  ERR_clear_error();
  if (!derived || shared == SecretBytes(32)) {
    return Status(errors::kSecAggKey,
                  "X25519 with public key " + ToHex(std::span(peer.bytes).first(4)) + "… gives no secret");
  }
  return shared;
}

}  // namespace cairn

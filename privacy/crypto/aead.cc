#include "privacy/crypto/aead.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "core/base/check.h"
#include "privacy/crypto/openssl_ptr.h"
#include "privacy/crypto/secure_random.h"

namespace cairn {
namespace {

enum class Direction : int { kOpen = 0, kSeal = 1 };

const EVP_CIPHER* Gcm() {
  static const EVP_CIPHER* const gcm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  CAIRN_CHECK(gcm != nullptr, "OpenSSL has AES-256-GCM");
  return gcm;
}

ossl::CipherContext Begin(Direction direction, const SecretBytes& key, std::span<const std::byte> nonce) {
  ossl::CipherContext context(EVP_CIPHER_CTX_new());  // 96-bit nonces are the default
  CAIRN_CHECK(
      context && EVP_CipherInit_ex(context.get(), Gcm(), nullptr, ossl::Data(key.Reveal(RevealSecret{})),
                                   ossl::Data(nonce), static_cast<int>(direction)) == 1,
      "a cipher begins");
  return context;
}

// Null `out`: the bytes are associated data. Nothing is done for no bytes, which OpenSSL reads as the end.
void Update(EVP_CIPHER_CTX* context, std::span<const std::byte> in, unsigned char* out) {
  CAIRN_CHECK(in.size() <= std::numeric_limits<int>::max(), "sealed messages are below 2 GiB");
  if (in.empty()) return;
  int written = 0;
  CAIRN_CHECK(EVP_CipherUpdate(context, out, &written, ossl::Data(in), static_cast<int>(in.size())) == 1 &&
                  static_cast<std::size_t>(written) == in.size(),
              "a cipher goes on");
}

bool Finish(EVP_CIPHER_CTX* context) {
  std::array<unsigned char, 16> none{};
  int written = 0;
  return EVP_CipherFinal_ex(context, none.data(), &written) == 1;
}

}  // namespace

AeadKey::AeadKey(SecretBytes key) : key_(std::move(key)) {
  CAIRN_CHECK(key_.size() == kKeyBytes, "a key of AES-256 has 32 bytes");
}

Bytes AeadKey::Seal(std::span<const std::byte> secret, std::span<const std::byte> associated) const {
  std::array<std::byte, kNonceBytes> nonce;
  SecureRandom::FillBytes(nonce);
  return SealWithNonce(nonce, secret, associated);
}

Bytes AeadKey::SealWithNonce(std::span<const std::byte, kNonceBytes> nonce, std::span<const std::byte> secret,
                             std::span<const std::byte> associated) const {
  Bytes sealed(kOverhead + secret.size());
  std::copy(nonce.begin(), nonce.end(), sealed.begin());
  const ossl::CipherContext context = Begin(Direction::kSeal, key_, nonce);
  Update(context.get(), associated, nullptr);
  Update(context.get(), secret, ossl::Out(std::span(sealed).subspan(kNonceBytes)));
  CAIRN_CHECK(Finish(context.get()) &&
                  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kTagBytes),
                                      sealed.data() + sealed.size() - kTagBytes) == 1,
              "sealing cannot fail");
  return sealed;
}

Result<SecretBytes> AeadKey::Open(std::span<const std::byte> sealed,
                                  std::span<const std::byte> associated) const {
  if (sealed.size() < kOverhead) {
    return Status(errors::kSecAggSealed, "a sealed message has " + std::to_string(sealed.size()) +
                                             " bytes, expected at least " + std::to_string(kOverhead));
  }
  const auto hidden = sealed.subspan(kNonceBytes, sealed.size() - kOverhead);
  SecretBytes secret(hidden.size());
  std::array<std::byte, kTagBytes> tag;
  std::copy(sealed.end() - kTagBytes, sealed.end(), tag.begin());
  const ossl::CipherContext context = Begin(Direction::kOpen, key_, sealed.first(kNonceBytes));
  Update(context.get(), associated, nullptr);
  Update(context.get(), hidden, ossl::Out(secret.Overwrite(RevealSecret{})));
  CAIRN_CHECK(
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTagBytes), tag.data()) == 1,
      "a tag of 16 bytes is taken");
  if (!Finish(context.get())) {  // what was decrypted is wiped unseen
    ERR_clear_error();
    return Status(errors::kSecAggSealed, "a sealed message of " + std::to_string(sealed.size()) +
                                             " bytes does not open: key, bytes or context differ");
  }
  return secret;
}

}  // namespace cairn

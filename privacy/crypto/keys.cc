#include "privacy/crypto/keys.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/check.h"
#include "privacy/crypto/openssl_key.h"
#include "privacy/crypto/private_file.h"

namespace cairn {
namespace ossl {
namespace {

std::string GroupName(EVP_PKEY* key) {
  std::array<char, 64> name{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) != 1) return "unknown curve";
  return {name.data(), size};
}

}  // namespace

PublicKey PublicKeyOf(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  CAIRN_CHECK(size > 0, "a key has a public half");
  PublicKey result;
  const auto* begin = reinterpret_cast<const std::byte*>(der);
  result.der.assign(begin, begin + size);
  OPENSSL_free(der);
  return result;
}

bool IsKind(EVP_PKEY* key, KeyKind kind) {
  if (kind == KeyKind::kEd25519) return EVP_PKEY_is_a(key, "ED25519") == 1;
  return EVP_PKEY_is_a(key, "EC") == 1 && GroupName(key) == "prime256v1";
}

std::string DescribeKey(EVP_PKEY* key) {
  for (const KeyKind kind : {KeyKind::kEd25519, KeyKind::kP256}) {
    if (IsKind(key, kind)) return std::string(ToString(kind));
  }
  if (EVP_PKEY_is_a(key, "EC") == 1) return "EC " + GroupName(key);
  const char* name = EVP_PKEY_get0_type_name(key);
  return (name == nullptr ? std::string("unknown") : std::string(name)) + " " +
         std::to_string(EVP_PKEY_get_bits(key)) + " bits";
}

}  // namespace ossl

namespace {

constexpr int kPassphraseIterations = 600'000;  // OWASP's figure for PBKDF2-HMAC-SHA256

using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, ossl::Freed<PKCS8_PRIV_KEY_INFO_free>>;
using EncryptedPkcs8 = std::unique_ptr<X509_SIG, ossl::Freed<X509_SIG_free>>;

struct PassphraseRequest {
  const SecretBytes& passphrase;
  bool asked = false;
};

int AnswerPassphrase(char* out, int size, int, void* user) {
  auto& request = *static_cast<PassphraseRequest*>(user);
  request.asked = true;
  const std::string_view text = request.passphrase.RevealText(RevealSecret{});
  if (text.empty() || text.size() > static_cast<std::size_t>(size)) return -1;
  std::copy(text.begin(), text.end(), out);
  return static_cast<int>(text.size());
}

SecretBytes TakeSecret(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  CAIRN_CHECK(size > 0, "a key has a text");
  return SecretBytes::CopyOf(std::string_view(data, static_cast<std::size_t>(size)));
}

}  // namespace

std::string_view ToString(KeyKind kind) { return kind == KeyKind::kEd25519 ? "Ed25519" : "P-256"; }

namespace {

// y of the points of order 1, 2, 4 and 8. Under such a key one signature holds for every eighth message or
// for all of them, so it binds nobody; a key that was never set, all zeros, is one of them.
constexpr std::array<std::string_view, 5> kLowOrder = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
};

// y below the prime (RFC 8032 section 5.1.3, which OpenSSL does not check) and not of low order.
bool Binds(const VerifyKey& key) {
  auto y = key.bytes;
  y.back() &= std::byte{0x7f};  // the sign of x
  const bool above =
      y.front() >= std::byte{0xed} && y.back() == std::byte{0x7f} &&
      std::all_of(y.begin() + 1, y.end() - 1, [](std::byte b) { return b == std::byte{0xff}; });
  const std::string hex = ToHex(y);
  return !above && std::find(kLowOrder.begin(), kLowOrder.end(), hex) == kLowOrder.end();
}

}  // namespace

bool VerifyKey::Verifies(std::span<const std::byte> message, const Signature& signature) const {
  if (!Binds(*this)) return false;
  const ossl::Pkey key(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, ossl::Data(bytes), bytes.size()));
  const ossl::DigestContext context(EVP_MD_CTX_new());
  const bool good =
      key && context &&
      EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key.get(), nullptr) == 1 &&
      EVP_DigestVerify(context.get(), ossl::Data(signature.bytes), signature.bytes.size(),
                       ossl::Data(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

Result<VerifyKey> ToVerifyKey(const PublicKey& key) {
  const unsigned char* cursor = ossl::Data(key.der);
  const ossl::Pkey parsed(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(key.der.size())));
  ERR_clear_error();
  VerifyKey result;
  std::size_t size = result.bytes.size();
  if (!parsed || !ossl::IsKind(parsed.get(), KeyKind::kEd25519) ||
      EVP_PKEY_get_raw_public_key(parsed.get(), ossl::Out(result.bytes), &size) != 1) {
    ERR_clear_error();
    return Status(errors::kKeyFile, "expected an Ed25519 public key, got " +
                                        (parsed ? ossl::DescribeKey(parsed.get()) : std::string("no key")));
  }
  return result;
}

PrivateKey::PrivateKey(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {
  CAIRN_CHECK(handle_->key != nullptr, "OpenSSL makes Ed25519 and P-256 keys");
}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

PrivateKey PrivateKey::Generate(KeyKind kind) {
  EVP_PKEY* key = kind == KeyKind::kEd25519 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                                            : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  return PrivateKey(std::unique_ptr<Handle>(new Handle{ossl::Pkey(key)}));
}

PrivateKey PrivateKey::FromEd25519Seed(std::span<const std::byte, 32> seed) {
  EVP_PKEY* key = EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr, ossl::Data(seed), seed.size());
  return PrivateKey(std::unique_ptr<Handle>(new Handle{ossl::Pkey(key)}));
}

Result<PrivateKey> PrivateKey::FromPem(const SecretBytes& pem, const SecretBytes& passphrase) {
  const ossl::Bio bio = ossl::ReadBio(pem.RevealText(RevealSecret{}));
  PassphraseRequest request{passphrase};
  ossl::Pkey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, AnswerPassphrase, &request));
  ERR_clear_error();
  if (!key && request.asked) {
    return Status(errors::kKeyFile, passphrase.empty()
                                        ? "the key is protected by a passphrase and none was given"
                                        : "the passphrase does not open the key");
  }
  if (!key) return Status(errors::kKeyFile, "expected a private key in PEM, found none");
  if (!ossl::IsKind(key.get(), KeyKind::kEd25519) && !ossl::IsKind(key.get(), KeyKind::kP256)) {
    return Status(errors::kKeyFile, "expected an Ed25519 or P-256 key, got " + ossl::DescribeKey(key.get()));
  }
  return PrivateKey(std::unique_ptr<Handle>(new Handle{std::move(key)}));
}

SecretBytes PrivateKey::ToPem(const SecretBytes& passphrase) const {
  const ossl::Bio bio(BIO_new(BIO_s_secmem()));
  const Pkcs8 plain(EVP_PKEY2PKCS8(handle_->key.get()));
  CAIRN_CHECK(bio && plain, "a key can be written");
  if (passphrase.empty()) {
    CAIRN_CHECK(PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio.get(), plain.get()) == 1, "a key can be written");
    return TakeSecret(bio.get());
  }
  const std::string_view text = passphrase.RevealText(RevealSecret{});
  X509_ALGOR* scheme =
      PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kPassphraseIterations, nullptr, 0, nullptr, NID_hmacWithSHA256);
  const EncryptedPkcs8 sealed(
      PKCS8_set0_pbe(text.data(), static_cast<int>(text.size()), plain.get(), scheme));
  CAIRN_CHECK(sealed && PEM_write_bio_PKCS8(bio.get(), sealed.get()) == 1, "a key can be encrypted");
  return TakeSecret(bio.get());
}

KeyKind PrivateKey::kind() const {
  return ossl::IsKind(handle_->key.get(), KeyKind::kEd25519) ? KeyKind::kEd25519 : KeyKind::kP256;
}

PublicKey PrivateKey::public_key() const { return ossl::PublicKeyOf(handle_->key.get()); }

Signature PrivateKey::SignEd25519(std::span<const std::byte> message) const {
  CAIRN_CHECK(kind() == KeyKind::kEd25519, "only Ed25519 keys sign messages");
  Signature signature;
  std::size_t size = signature.bytes.size();
  const ossl::DigestContext context(EVP_MD_CTX_new());
  CAIRN_CHECK(context &&
                  EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, handle_->key.get()) == 1 &&
                  EVP_DigestSign(context.get(), ossl::Out(signature.bytes), &size, ossl::Data(message),
                                 message.size()) == 1 &&
                  size == signature.bytes.size(),
              "signing cannot fail");
  return signature;
}

VerifyKey PrivateKey::ed25519_public() const {
  VerifyKey key;
  std::size_t size = key.bytes.size();
  CAIRN_CHECK(EVP_PKEY_get_raw_public_key(handle_->key.get(), ossl::Out(key.bytes), &size) == 1 && size == 32,
              "an Ed25519 key has 32 public bytes");
  return key;
}

SecretBytes PrivateKey::ed25519_seed() const {
  SecretBytes seed(32);
  std::size_t size = seed.size();
  CAIRN_CHECK(EVP_PKEY_get_raw_private_key(handle_->key.get(), ossl::Out(seed.Overwrite(RevealSecret{})),
                                           &size) == 1 &&
                  size == 32,
              "an Ed25519 key has 32 private bytes");
  return seed;
}

Result<PrivateKey> RequireKind(PrivateKey key, KeyKind kind) {
  if (key.kind() == kind) return key;
  return Status(errors::kKeyFile, "expected a key of kind " + std::string(ToString(kind)) + ", got " +
                                      std::string(ToString(key.kind())));
}

Result<PrivateKey> LoadPrivateKey(const std::filesystem::path& path, KeyKind kind,
                                  const SecretBytes& passphrase) {
  CAIRN_ASSIGN_OR_RETURN(const SecretBytes pem, ReadPrivateFile(path));
  Result<PrivateKey> any = PrivateKey::FromPem(pem, passphrase);
  if (!any.ok()) return std::move(any).status().Within(path.string());
  Result<PrivateKey> key = RequireKind(std::move(any).value(), kind);
  if (!key.ok()) return std::move(key).status().Within(path.string());
  return key;
}

Status SavePrivateKey(const std::filesystem::path& path, const PrivateKey& key,
                      const SecretBytes& passphrase) {
  return WritePrivateFile(path, key.ToPem(passphrase));
}

}  // namespace cairn

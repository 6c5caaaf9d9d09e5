#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "core/base/result.h"
#include "privacy/crypto/secret_bytes.h"
#include "privacy/crypto/sha256.h"
#include "privacy/crypto/text_codec.h"

namespace cairn {

enum class KeyKind : std::uint8_t { kEd25519 = 1, kP256 = 2 };
std::string_view ToString(KeyKind kind);  // "Ed25519", "P-256"

struct Signature {  // Ed25519 (RFC 8032)
  std::array<std::byte, 64> bytes{};
  friend bool operator==(const Signature&, const Signature&) = default;
};

// An Ed25519 public key. Any 32 bytes are one; those that are no point verify nothing.
struct VerifyKey {
  std::array<std::byte, 32> bytes{};
  bool Verifies(std::span<const std::byte> message, const Signature& signature) const;
  friend auto operator<=>(const VerifyKey&, const VerifyKey&) = default;
};

// Any public key that a certificate can carry: DER of SubjectPublicKeyInfo (RFC 5280).
struct PublicKey {
  Bytes der;
  Sha256Digest hash() const { return Sha256::Of(der); }
  friend bool operator==(const PublicKey&, const PublicKey&) = default;
};

// The Ed25519 key inside, as a root certificate carries it; kKeyFile for any other kind.
Result<VerifyKey> ToVerifyKey(const PublicKey& key);

// A private key of either kind, without saying what it is for: code outside this folder holds one
// of the KeyFor types below. Errors: kKeyFile. Move-only; const use is thread-safe.
class PrivateKey {
 public:
  static PrivateKey Generate(KeyKind kind);
  static PrivateKey FromEd25519Seed(std::span<const std::byte, 32> seed);
  // PKCS#8 (or SEC1) PEM; the passphrase is empty for a key in the clear.
  static Result<PrivateKey> FromPem(const SecretBytes& pem, const SecretBytes& passphrase);

  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  ~PrivateKey();

  // PKCS#8; with a passphrase AES-256-CBC under PBKDF2-HMAC-SHA256, 600 000 iterations.
  SecretBytes ToPem(const SecretBytes& passphrase) const;
  KeyKind kind() const;
  PublicKey public_key() const;
  Signature SignEd25519(std::span<const std::byte> message) const;  // kind() must be kEd25519
  VerifyKey ed25519_public() const;                                 // likewise
  SecretBytes ed25519_seed() const;                                 // likewise

  struct Handle;  // for the .cc files of this folder: openssl_key.h
  const Handle& handle() const { return *handle_; }

 private:
  explicit PrivateKey(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

Result<PrivateKey> LoadPrivateKey(const std::filesystem::path& path, KeyKind kind,
                                  const SecretBytes& passphrase);
Status SavePrivateKey(const std::filesystem::path& path, const PrivateKey& key,
                      const SecretBytes& passphrase);
Result<PrivateKey> RequireKind(PrivateKey key, KeyKind kind);

// A private key with one purpose, which is its type: a SigningKey cannot serve TLS.
//   auto key = SigningKey::Generate();
//   CAIRN_RETURN_IF_ERROR(key.Save(folder / "signing.key"));
// Files: read only as a plain file of this user with mode 0600, written atomically with that mode.
template <class Purpose, KeyKind kKindOfKey>
class KeyFor {
 public:
  static constexpr KeyKind kKind = kKindOfKey;

  static KeyFor Generate() { return KeyFor(PrivateKey::Generate(kKind)); }
  static KeyFor FromSeed(std::span<const std::byte, 32> seed) requires(kKindOfKey == KeyKind::kEd25519) {
    return KeyFor(PrivateKey::FromEd25519Seed(seed));
  }
  static Result<KeyFor> FromPem(const SecretBytes& pem, const SecretBytes& passphrase = {}) {
    CAIRN_ASSIGN_OR_RETURN(auto any, PrivateKey::FromPem(pem, passphrase));
    CAIRN_ASSIGN_OR_RETURN(auto key, RequireKind(std::move(any), kKind));
    return KeyFor(std::move(key));
  }
  static Result<KeyFor> Load(const std::filesystem::path& path, const SecretBytes& passphrase = {}) {
    CAIRN_ASSIGN_OR_RETURN(auto key, LoadPrivateKey(path, kKind, passphrase));
    return KeyFor(std::move(key));
  }
  Status Save(const std::filesystem::path& path, const SecretBytes& passphrase = {}) const {
    return SavePrivateKey(path, key_, passphrase);
  }

  SecretBytes ToPem(const SecretBytes& passphrase = {}) const { return key_.ToPem(passphrase); }
  PublicKey public_key() const { return key_.public_key(); }
  Signature Sign(std::span<const std::byte> message) const requires(kKindOfKey == KeyKind::kEd25519) {
    return key_.SignEd25519(message);
  }
  VerifyKey verify_key() const requires(kKindOfKey == KeyKind::kEd25519) { return key_.ed25519_public(); }
  SecretBytes seed() const requires(kKindOfKey == KeyKind::kEd25519) { return key_.ed25519_seed(); }
  const PrivateKey& material() const { return key_; }

 private:
  explicit KeyFor(PrivateKey key) : key_(std::move(key)) {}
  PrivateKey key_;
};

using RootKey =
    KeyFor<struct RootPurpose, KeyKind::kEd25519>;  // signs the roster and the issuer's certificate
using IssuerKey = KeyFor<struct IssuerPurpose, KeyKind::kP256>;       // signs TLS certificates
using TlsKey = KeyFor<struct TlsPurpose, KeyKind::kP256>;             // opens sessions
using SigningKey = KeyFor<struct SigningPurpose, KeyKind::kEd25519>;  // signs protocol messages and approvals
using BootstrapKey = KeyFor<struct BootstrapPurpose, KeyKind::kEd25519>;  // an invite's TLS key, single use

}  // namespace cairn

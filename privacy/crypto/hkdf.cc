#include "privacy/crypto/hkdf.h"

#include <openssl/core_names.h>

#include <array>

#include "core/base/check.h"
#include "privacy/crypto/openssl_ptr.h"

namespace cairn {
namespace {

// Fetching an algorithm costs as much as using it once, so it is done once and kept.
EVP_KDF* Hkdf() {
  static EVP_KDF* const hkdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  CAIRN_CHECK(hkdf != nullptr, "OpenSSL has HKDF");
  return hkdf;
}

OSSL_PARAM Octets(const char* name, std::span<const std::byte> bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::byte*>(bytes.data()), bytes.size());
}

}  // namespace

SecretBytes HkdfSha256(std::span<const std::byte> key_material, std::span<const std::byte> salt,
                       std::span<const std::byte> info, std::size_t size) {
  CAIRN_CHECK(!key_material.empty(), "HKDF needs key material");
  CAIRN_CHECK(size > 0 && size <= 255 * 32, "HKDF-SHA256 gives 1 to 8160 bytes");
  std::array<char, 7> digest{"SHA256"};
  std::array<OSSL_PARAM, 5> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      Octets(OSSL_KDF_PARAM_KEY, key_material)};
  auto* next = parameters.data() + 2;  // OpenSSL wants what is empty left out
  if (!salt.empty()) *next++ = Octets(OSSL_KDF_PARAM_SALT, salt);
  if (!info.empty()) *next++ = Octets(OSSL_KDF_PARAM_INFO, info);
  *next = OSSL_PARAM_construct_end();

  SecretBytes out(size);
  const ossl::KdfContext context(EVP_KDF_CTX_new(Hkdf()));
  CAIRN_CHECK(context && EVP_KDF_derive(context.get(), ossl::Out(out.Overwrite(RevealSecret{})), size,
                                        parameters.data()) == 1,
              "deriving a key cannot fail");
  return out;
}

}  // namespace cairn

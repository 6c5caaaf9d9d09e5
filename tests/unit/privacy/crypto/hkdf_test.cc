#include "privacy/crypto/hkdf.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "privacy/crypto/secure_random.h"

#include "tests/testing/fixed_bytes.h"

namespace cairn {
namespace {

std::string Derived(std::string_view material, std::string_view salt, std::string_view info,
                    std::size_t size) {
  return HexOf(HkdfSha256(*FromHex(material), *FromHex(salt), *FromHex(info), size));
}

const std::string kMaterial = ToHex(Bytes(22, std::byte{0x0b}));

TEST(HkdfTest, GivesTheFirstVectorOfRfc5869) {
  EXPECT_EQ(Derived(kMaterial, "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9", 42),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

TEST(HkdfTest, GivesTheSecondVectorOfRfc5869WithLongInputs) {
  EXPECT_EQ(
      Derived(ToHex(CountedBytes<80>(0)), ToHex(CountedBytes<80>(0x60)), ToHex(CountedBytes<80>(0xb0)), 82),
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
      "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
}

TEST(HkdfTest, GivesTheThirdVectorOfRfc5869WithoutSaltAndInfo) {
  EXPECT_EQ(Derived(kMaterial, "", "", 42),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

// The oracle.
Bytes OpenSslHkdf(Bytes material, Bytes salt, Bytes info, std::size_t size) {
  char digest[] = "SHA256";
  const auto octets = [](const char* name, Bytes& bytes) {
    return OSSL_PARAM_construct_octet_string(name, bytes.data(), bytes.size());
  };
  std::vector<OSSL_PARAM> parameters = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                                        octets(OSSL_KDF_PARAM_KEY, material)};
  if (!salt.empty()) parameters.push_back(octets(OSSL_KDF_PARAM_SALT, salt));
  if (!info.empty()) parameters.push_back(octets(OSSL_KDF_PARAM_INFO, info));
  parameters.push_back(OSSL_PARAM_construct_end());
  EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  EVP_KDF_CTX* const context = EVP_KDF_CTX_new(kdf);
  Bytes out(size);
  EXPECT_EQ(EVP_KDF_derive(context, reinterpret_cast<unsigned char*>(out.data()), size, parameters.data()),
            1);
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  return out;
}

TEST(HkdfTest, GivesWhatOpenSslGivesForEveryLength) {
  const auto draw = [](std::size_t size) {
    Bytes bytes(size);
    SecureRandom::FillBytes(bytes);
    return bytes;
  };
  for (std::size_t i = 0; i <= 140; ++i) {  // across one block of the hash and two
    const Bytes material = draw(1 + i), salt = draw(i * 7 % 141), info = draw(i * 11 % 141);
    const std::size_t size = 1 + i * 13 % 200;
    EXPECT_EQ(HexOf(HkdfSha256(material, salt, info, size)), ToHex(OpenSslHkdf(material, salt, info, size)))
        << i;
  }
}

TEST(HkdfTest, AShorterKeyIsTheBeginningOfALongerOne) {
  const std::string longest = Derived(kMaterial, "", "", 8160);
  EXPECT_EQ(longest.size(), 16320u);
  EXPECT_EQ(Derived(kMaterial, "", "", 33), longest.substr(0, 66));
}

}  // namespace
}  // namespace cairn

#include <gtest/gtest.h>

#include <array>

#include "privacy/crypto/openssl_ptr.h"
#include "tests/testing/fixed_bytes.h"

// ChaCha20 and Poly1305 are no part of the suite; the OpenSSL we run on is held to RFC 8439 all the same,
// since TLS uses them and a second suite would.

namespace cairn {
namespace {

TEST(ChaCha20Test, GivesTheBlockOfRfc8439Section232) {
  const auto key = CountedBytes<32>(0);
  const auto counter_and_nonce = FixedBytes<16>("01000000000000090000004a00000000");
  const std::array<std::byte, 64> zeros{};
  std::array<std::byte, 64> block;
  int written = 0;
  const ossl::CipherContext context(EVP_CIPHER_CTX_new());
  ASSERT_EQ(EVP_EncryptInit_ex(context.get(), EVP_chacha20(), nullptr, ossl::Data(key),
                               ossl::Data(counter_and_nonce)),
            1);
  ASSERT_EQ(EVP_EncryptUpdate(context.get(), ossl::Out(block), &written, ossl::Data(zeros), 64), 1);
  EXPECT_EQ(ToHex(block),
            "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
            "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e");
}

TEST(ChaCha20Poly1305Test, GivesTheSealedMessageOfRfc8439Section282) {
  const auto key = CountedBytes<32>(0x80);
  const auto nonce = FixedBytes<12>("070000004041424344454647");
  const auto associated = FixedBytes<12>("50515253c0c1c2c3c4c5c6c7");
  const std::string_view plain =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen "
      "would "
      "be it.";
  Bytes sealed(plain.size());
  std::array<std::byte, 16> tag;
  int written = 0;
  const ossl::CipherContext context(EVP_CIPHER_CTX_new());
  ASSERT_EQ(
      EVP_EncryptInit_ex(context.get(), EVP_chacha20_poly1305(), nullptr, ossl::Data(key), ossl::Data(nonce)),
      1);
  ASSERT_EQ(EVP_EncryptUpdate(context.get(), nullptr, &written, ossl::Data(associated), 12), 1);
  ASSERT_EQ(EVP_EncryptUpdate(context.get(), ossl::Out(sealed), &written, ossl::Data(AsBytes(plain)),
                              static_cast<int>(plain.size())),
            1);
  ASSERT_EQ(EVP_EncryptFinal_ex(context.get(), ossl::Out(sealed) + written, &written), 1);
  ASSERT_EQ(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, 16, tag.data()), 1);
  EXPECT_EQ(ToHex(sealed),
            "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
            "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
            "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
            "3ff4def08e4b7a9de576d26586cec64b6116");
  EXPECT_EQ(ToHex(tag), "1ae10b594f09e26a7e902ecbd0600691");
}

}  // namespace
}  // namespace cairn

#include "privacy/crypto/sha256.h"

#include <gtest/gtest.h>

#include "privacy/crypto/text_codec.h"

namespace cairn {
namespace {

TEST(Sha256Test, GivesTheAnswersOfFips180) {
  EXPECT_EQ(Sha256::Of("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256::Of("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256::Of(std::string(1'000'000, 'a')).hex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, PiecesHashLikeTheWhole) {
  const std::string text(1000, 'x');
  for (std::size_t cut = 0; cut <= text.size(); cut += 37) {
    Sha256 hash;
    hash.Update(AsBytes(text).first(cut)).Update(AsBytes(text).subspan(cut));
    ASSERT_EQ(std::move(hash).Finish(), Sha256::Of(text)) << cut;
  }
}

TEST(Sha256DigestTest, HexReadsBackAndAnythingElseIsRefused) {
  const Sha256Digest digest = Sha256::Of("abc");
  EXPECT_EQ(Sha256Digest::Parse(digest.hex()), digest);
  EXPECT_EQ(digest.short_hex(), "ba78 16bf … 15ad");
  EXPECT_FALSE(Sha256Digest::Parse(digest.hex() + "00"));
  EXPECT_FALSE(Sha256Digest::Parse(digest.hex().substr(2)));
  EXPECT_FALSE(Sha256Digest::Parse(std::string(64, 'g')));
}

TEST(TextCodecTest, Base64UrlGivesTheVectorsOfRfc4648WithoutPadding) {
  EXPECT_EQ(ToBase64Url(AsBytes("")), "");
  EXPECT_EQ(ToBase64Url(AsBytes("f")), "Zg");
  EXPECT_EQ(ToBase64Url(AsBytes("fo")), "Zm8");
  EXPECT_EQ(ToBase64Url(AsBytes("foo")), "Zm9v");
  EXPECT_EQ(ToBase64Url(AsBytes("foob")), "Zm9vYg");
  EXPECT_EQ(ToBase64Url(AsBytes("fooba")), "Zm9vYmE");
  EXPECT_EQ(ToBase64Url(AsBytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(ToBase64Url(*FromHex("fbff")), "-_8");
}

TEST(TextCodecTest, EveryByteStringReadsBackFromBothTexts) {
  Bytes bytes;
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(FromBase64Url(ToBase64Url(bytes)), bytes);
    ASSERT_EQ(FromHex(ToHex(bytes)), bytes);
    bytes.push_back(static_cast<std::byte>(i * 7));
  }
}

TEST(TextCodecTest, SecondTextsForTheSameBytesAreRefused) {
  EXPECT_TRUE(FromBase64Url("Zg"));
  for (const char* text :
       {"Zg==", "Zh", "Zm8=", "Zm9", "Z", "Zm9v\n", "Zm+v", "Zm/v", "Zm 9", "\xff\xff\xff\xff"}) {
    EXPECT_FALSE(FromBase64Url(text)) << text;
  }
  for (const char* text : {"0", "0g", "0x00", "zz", "é"}) EXPECT_FALSE(FromHex(text)) << text;
}

}  // namespace
}  // namespace cairn

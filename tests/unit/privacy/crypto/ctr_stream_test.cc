#include "privacy/crypto/ctr_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/base/random.h"
#include "privacy/crypto/openssl_ptr.h"
#include "privacy/crypto/text_codec.h"

namespace cairn {
namespace {

constexpr std::uint64_t kEnd = std::uint64_t{1} << 36;

std::array<std::byte, 32> Key(std::string_view hex) {
  const Bytes bytes = *FromHex(hex);
  std::array<std::byte, 32> key{};
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}
const std::array<std::byte, 32> kNistKey =
    Key("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");

// One block of AES-256, the oracle.
Bytes EncryptBlock(std::span<const std::byte, 32> key, Bytes block) {
  ossl::CipherContext context(EVP_CIPHER_CTX_new());
  EXPECT_EQ(EVP_EncryptInit_ex(context.get(), EVP_aes_256_ecb(), nullptr, ossl::Data(key), nullptr), 1);
  int size = 0;
  EXPECT_EQ(EVP_EncryptUpdate(context.get(), ossl::Out(block), &size, ossl::Data(block), 16), 1);
  return block;
}

Bytes Counter(std::uint64_t block) {
  Bytes bytes(16);
  for (std::size_t i = 0; i < 8; ++i) bytes[15 - i] = static_cast<std::byte>(block >> (8 * i));
  return bytes;
}

Bytes Part(CtrStream& stream, std::uint64_t offset, std::size_t size) {
  Bytes out(size, std::byte{0xee});
  stream.Fill(offset, out);
  return out;
}

// SP 800-38A F.5.5 starts its counter elsewhere, so it is the oracle that meets it.
TEST(CtrStreamTest, TheOracleGivesTheOutputBlocksOfSp80038aF55) {
  const std::pair<const char*, const char*> blocks[] = {
      {"f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", "0bdf7df1591716335e9a8b15c860c502"},
      {"f0f1f2f3f4f5f6f7f8f9fafbfcfdff00", "5a6e699d536119065433863c8f657b94"},
      {"f0f1f2f3f4f5f6f7f8f9fafbfcfdff01", "1bc12c9c01610d5d0d8bd6a3378eca62"},
      {"f0f1f2f3f4f5f6f7f8f9fafbfcfdff02", "2956e1c8693536b1bee99c73a31576b6"}};
  for (const auto& [counter, output] : blocks)
    EXPECT_EQ(ToHex(EncryptBlock(kNistKey, *FromHex(counter))), output);
}

// CAVP ECBKeySbox256, counts 0 and 1, and the all-zero key: a zero block is our counter's first.
TEST(CtrStreamTest, TheFirstBlockIsTheZeroBlockEncrypted) {
  const std::pair<const char*, const char*> answers[] = {
      {"c47b0294dbbbee0fec4757f22ffeee3587ca4730c3d33b691df38bab076bc558",
       "46f2fb342d6f0ab477476fc501242c5f"},
      {"28d46cffa158533194214a91e712fc2b45b518076675affd910edeca5f41ac64",
       "4bf3b0a69aeb6657794f2901b1440ad4"},
      {"0000000000000000000000000000000000000000000000000000000000000000",
       "dc95c078a2408989ad48a21492842087"}};
  for (const auto& [key, block] : answers) {
    CtrStream stream(Key(key));
    EXPECT_EQ(ToHex(Part(stream, 0, 16)), block);
  }
}

TEST(CtrStreamTest, BlockNIsTheBigEndianCounterNEncrypted) {
  CtrStream stream(kNistKey);
  for (const std::uint64_t block : {0ull, 1ull, 255ull, 256ull, 65535ull, 65536ull, (1ull << 32) - 1}) {
    EXPECT_EQ(Part(stream, 16 * block, 16), EncryptBlock(kNistKey, Counter(block))) << block;
  }
}

TEST(CtrStreamTest, AnyAlignedPartCanBeMadeAlone) {
  CtrStream stream(kNistKey);
  const Bytes whole = Part(stream, 0, 70'000);
  RandomStream random = SeededRandom(1).Open({});
  for (int i = 0; i < 200; ++i) {
    const std::size_t offset = 16 * random.Below(whole.size() / 16);
    const std::size_t size = random.Below(whole.size() - offset + 1);
    const auto expected = std::span(whole).subspan(offset, size);
    ASSERT_TRUE(std::ranges::equal(Part(stream, offset, size), expected)) << offset << " + " << size;
  }
}

TEST(CtrStreamTest, AMovedStreamGoesOn) {
  CtrStream stream(kNistKey);
  const Bytes before = Part(stream, 32, 50);
  CtrStream moved = std::move(stream);
  EXPECT_EQ(Part(moved, 32, 50), before);
}

TEST(CtrStreamTest, TheLastByteOfAKeyIsThatOfBlock2To32) {
  CtrStream stream(kNistKey);
  EXPECT_EQ(Part(stream, kEnd - 32, 32).size(), 32u);
  EXPECT_TRUE(Part(stream, kEnd, 0).empty());
  EXPECT_DEATH(Part(stream, kEnd - 16, 17), "2\\^32 blocks");
  EXPECT_DEATH(Part(stream, kEnd, 1), "2\\^32 blocks");
  EXPECT_DEATH(Part(stream, 8, 1), "starts on a block");
}

}  // namespace
}  // namespace cairn

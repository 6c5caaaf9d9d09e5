#include <gtest/gtest.h>

#include <algorithm>
#include <concepts>
#include <iosfwd>
#include <random>
#include <set>

#include "privacy/crypto/secret_bytes.h"
#include "privacy/crypto/secure_random.h"
#include "privacy/crypto/transcript.h"

namespace cairn {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(!std::copyable<SecretBytes>);
static_assert(!Printable<SecretBytes>);
static_assert(std::uniform_random_bit_generator<SecureBits>);

TEST(SecretBytesTest, EqualityLooksAtEveryByteAndTheLength) {
  const SecretBytes secret = SecureRandom::Secret(40);
  for (std::size_t i = 0; i < secret.size(); ++i) {
    SecretBytes other = secret.Clone();
    EXPECT_TRUE(other == secret);
    other.Overwrite(RevealSecret{})[i] ^= std::byte{1};
    EXPECT_FALSE(other == secret) << i;
  }
  EXPECT_FALSE(SecretBytes(3) == SecretBytes(4));
  EXPECT_TRUE(SecretBytes() == SecretBytes(0));
}

TEST(SecretBytesTest, MovedFromIsEmpty) {
  SecretBytes a = SecretBytes::CopyOf("key"), b = SecretBytes::CopyOf("old");
  b = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT: the claim
  EXPECT_EQ(b.RevealText(RevealSecret{}), "key");
}

TEST(SecretBytesTest, MoreSecretsThanTheLockedHeapHoldsStillWork) {
  std::vector<SecretBytes> many;
  for (int i = 0; i < 80; ++i) many.push_back(SecureRandom::Secret(1 << 15));
  std::set<std::byte> seen;
  for (const SecretBytes& secret : many) seen.insert(secret.Reveal(RevealSecret{})[77]);
  EXPECT_GT(seen.size(), 20u);
}

TEST(SecretBytesTest, WipeLeavesZeros) {
  std::array<std::byte, 64> bytes;
  SecureRandom::FillBytes(bytes);
  Wipe(bytes);
  EXPECT_TRUE(std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; }));
}

TEST(SecureRandomTest, TwoStreamsOfOneLabelDiffer) {
  const SecureRandom source;
  EXPECT_NE(source.Open({Purpose::kSelect, 1}).NextU64(), source.Open({Purpose::kSelect, 1}).NextU64());
}

TEST(SecureRandomTest, EveryBitOfALongFillIsBalanced) {
  std::vector<std::byte> bytes(1 << 18);
  SecureRandom::FillBytes(bytes);
  for (unsigned bit = 0; bit < 8; ++bit) {
    std::int64_t ones = 0;
    for (const std::byte byte : bytes) ones += std::to_integer<int>(byte >> bit & std::byte{1});
    EXPECT_NEAR(static_cast<double>(ones), 1 << 17, 256 * 7) << bit;  // 7 standard deviations
  }
}

TEST(SecureBitsTest, BelowReachesEveryValueAndNoOther) {
  SecureBits bits;
  std::array<int, 5> seen{};
  for (int i = 0; i < 5000; ++i) ++seen.at(bits.Below(5));
  for (const int count : seen) EXPECT_GT(count, 700);
}

TEST(TranscriptTest, NeighbouringFieldsNeverRunTogether) {
  const auto digest = [](std::string_view a, std::string_view b) {
    return TranscriptWriter("t").Text(a).Text(b).Digest();
  };
  EXPECT_NE(digest("ab", "c"), digest("a", "bc"));
  EXPECT_NE(TranscriptWriter("t").Text("x").Digest(), TranscriptWriter("u").Text("x").Digest());
}

TEST(TranscriptTest, ReadsBackWhatWasWritten) {
  TranscriptWriter writer("label");
  writer.U8(7)
      .U16(65535)
      .U32(1u << 31)
      .U64(~std::uint64_t{0})
      .I64(-5)
      .Text("é")
      .Blob({})
      .Fixed(AsBytes("xyz"));
  TranscriptReader reader(writer.bytes(), "label");
  EXPECT_EQ(reader.U8(), 7);
  EXPECT_EQ(reader.U16(), 65535);
  EXPECT_EQ(reader.U32(), 1u << 31);
  EXPECT_EQ(reader.U64(), ~std::uint64_t{0});
  EXPECT_EQ(reader.I64(), -5);
  EXPECT_EQ(reader.Text(10), "é");
  EXPECT_TRUE(reader.Blob(0).empty());
  EXPECT_EQ(AsText(reader.Fixed(3)), "xyz");
  EXPECT_TRUE(reader.done());
}

TEST(TranscriptTest, EveryPrefixIsRefusedWithoutReadingPastTheEnd) {
  const Bytes whole = TranscriptWriter("label").U64(1).Text("four").bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    TranscriptReader reader(cut, "label");
    reader.U64();
    reader.Text(100);
    EXPECT_FALSE(reader.done()) << size;
  }
  TranscriptReader small(whole, "label");
  small.U64();
  small.Text(3);
  EXPECT_FALSE(small.ok());
  EXPECT_FALSE(TranscriptReader(whole, "other").ok());
}

}  // namespace
}  // namespace cairn

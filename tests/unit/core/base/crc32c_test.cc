#include "core/base/crc32c.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/random.h"

namespace cairn {
namespace {

std::span<const std::byte> Bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

std::vector<std::byte> RandomBytes(std::size_t size) {
  RandomStream stream = SeededRandom(3).Open({});
  std::vector<std::byte> bytes(size);
  for (std::byte& b : bytes) b = static_cast<std::byte>(stream.NextU32());
  return bytes;
}

class Crc32cTest
    : public testing::TestWithParam<std::uint32_t (*)(std::span<const std::byte>, std::uint32_t)> {};

TEST_P(Crc32cTest, PublishedVectors) {  // RFC 3720 appendix B.4, and the check value of the CRC catalogue
  const auto crc = GetParam();
  std::string ascending;
  for (char c = 0; c < 32; ++c) ascending += c;
  const std::string descending(ascending.rbegin(), ascending.rend());
  EXPECT_EQ(crc(Bytes(std::string(32, '\0')), 0), 0x8a9136aau);
  EXPECT_EQ(crc(Bytes(std::string(32, '\xff')), 0), 0x62a8ab43u);
  EXPECT_EQ(crc(Bytes(ascending), 0), 0x46dd794eu);
  EXPECT_EQ(crc(Bytes(descending), 0), 0x113fdb5cu);
  EXPECT_EQ(crc(Bytes("123456789"), 0), 0xe3069283u);
  EXPECT_EQ(crc({}, 0), 0u);
}

TEST_P(Crc32cTest, ContinuesOverSplitBytes) {
  const auto bytes = RandomBytes(5000);
  const auto all = std::span<const std::byte>(bytes);
  for (const std::size_t cut : {0, 1, 7, 1234, 3072, 4999, 5000}) {
    EXPECT_EQ(GetParam()(all.subspan(cut), GetParam()(all.first(cut), 0)), GetParam()(all, 0)) << cut;
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Crc32cTest, testing::Values(&Crc32c, &Crc32cPortable));

TEST(Crc32cFormsTest, InstructionAndTableAgreeAtEveryLengthAndAlignment) {
  const auto bytes = RandomBytes(10'000);
  RandomStream stream = SeededRandom(4).Open({});
  for (int i = 0; i < 500; ++i) {
    const std::size_t from = stream.Below(64);
    const auto part = std::span(bytes).subspan(from, stream.Below(bytes.size() - from));
    ASSERT_EQ(Crc32c(part), Crc32cPortable(part)) << from << " " << part.size();
  }
}

}  // namespace
}  // namespace cairn

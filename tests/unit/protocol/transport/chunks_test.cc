#include "protocol/transport/chunks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/random.h"
#include "protocol/messages/blob_ref.h"
#include "protocol/transport/crc32c.h"

namespace cairn {
namespace {

std::span<const std::byte> Bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

std::vector<std::byte> RandomBytes(std::size_t size) {
  RandomStream stream = SeededRandom(3).Open({});
  std::vector<std::byte> bytes(size);
  for (std::byte& b : bytes) b = static_cast<std::byte>(stream.NextU32());
  return bytes;
}

TEST(Crc32cTest, PublishedVectors) {  // RFC 3720 appendix B.4, and the usual check value
  std::string ascending;
  for (char c = 0; c < 32; ++c) ascending += c;
  EXPECT_EQ(Crc32c(Bytes(std::string(32, '\0'))), 0x8a9136aau);
  EXPECT_EQ(Crc32c(Bytes(std::string(32, '\xff'))), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(Bytes(ascending)), 0x46dd794eu);
  EXPECT_EQ(Crc32c(Bytes("123456789")), 0xe3069283u);
  EXPECT_EQ(Crc32c({}), 0u);
}

TEST(Crc32cTest, InstructionAndTableAgreeAtEveryLengthAndAlignment) {
  const auto bytes = RandomBytes(10'000);
  RandomStream stream = SeededRandom(4).Open({});
  for (int i = 0; i < 500; ++i) {
    const std::size_t from = stream.Below(64);
    const auto part = std::span(bytes).subspan(from, stream.Below(bytes.size() - from));
    ASSERT_EQ(Crc32c(part), Crc32cPortable(part)) << from << " " << part.size();
  }
}

TEST(Crc32cTest, ContinuesOverSplitBytes) {
  const auto bytes = RandomBytes(5000);
  const auto all = std::span<const std::byte>(bytes);
  EXPECT_EQ(Crc32c(all.subspan(1234), Crc32c(all.first(1234))), Crc32c(all));
}

class ChunkAssemblerTest : public testing::Test {
 protected:
  ChunkAssemblerTest() : bytes_(RandomBytes(10'000)), out_(bytes_.size()), ref_(BlobRefOf(bytes_)) {}
  ChunkAssembler NewAssembler() { return ChunkAssembler(ref_, NewMemoryWriter(ref_, out_)); }

  std::vector<std::byte> bytes_, out_;
  BlobRef ref_;
};

TEST_F(ChunkAssemblerTest, ChunksInOrderMakeTheObject) {
  for (const std::size_t size : {1'000u, 3'333u, 9'999u, 10'000u}) {
    auto assembler = NewAssembler();
    std::uint64_t at = 0;
    for (; at + size < bytes_.size(); at += size) {
      ASSERT_EQ(assembler.Accept(ChunkAt(bytes_, at, size)).value(), ChunkVerdict::kTaken);
    }
    ASSERT_EQ(assembler.Accept(ChunkAt(bytes_, at, size)).value(), ChunkVerdict::kWhole);
    EXPECT_EQ(out_, bytes_);
  }
}

TEST_F(ChunkAssemblerTest, CorruptChunkIsNotTakenAndTheOriginalStillFits) {
  auto assembler = NewAssembler();
  std::vector<std::byte> bad = bytes_;
  bad[17] ^= std::byte{1};
  ChunkView chunk = ChunkAt(bytes_, 0, 5000);
  chunk.data = std::span(bad).first(5000);
  EXPECT_EQ(assembler.Accept(chunk).value(), ChunkVerdict::kCorrupt);
  EXPECT_EQ(assembler.held(), 0u);
  EXPECT_EQ(assembler.Accept(ChunkAt(bytes_, 0, 5000)).value(), ChunkVerdict::kTaken);
  EXPECT_EQ(assembler.Accept(ChunkAt(bytes_, 5000)).value(), ChunkVerdict::kWhole);
}

TEST_F(ChunkAssemblerTest, ChunkOutOfPlaceIsDropped) {
  auto assembler = NewAssembler();
  EXPECT_EQ(assembler.Accept(ChunkAt(bytes_, 5000)).value(), ChunkVerdict::kDropped);
  EXPECT_EQ(assembler.held(), 0u);
}

TEST_F(ChunkAssemblerTest, ObjectWithAnotherHashIsRefused) {
  ref_.sha256[0] ^= std::byte{1};
  auto assembler = NewAssembler();
  EXPECT_EQ(assembler.Accept(ChunkAt(bytes_, 0)).status().id(), errors::kNetProtocol);
}

TEST_F(ChunkAssemblerTest, ChunkOutsideTheObjectOrOfNoSizeIsRefused) {
  auto assembler = NewAssembler();
  const auto refused = [&assembler](const ChunkView& chunk) { return assembler.Accept(chunk).status().id(); };
  EXPECT_EQ(refused({.offset = 0, .crc32c = 0, .data = {}}), errors::kNetProtocol);
  EXPECT_EQ(refused({.offset = 9'999, .crc32c = 0, .data = std::span(bytes_).first(2)}), errors::kNetProtocol);
  EXPECT_EQ(refused({.offset = ~std::uint64_t{0}, .crc32c = 0, .data = std::span(bytes_).first(2)}), errors::kNetProtocol);
  const std::vector<std::byte> large(kMaxChunkBytes + 1);
  EXPECT_EQ(refused({.offset = 0, .crc32c = 0, .data = large}), errors::kNetProtocol);
}

TEST_F(ChunkAssemblerTest, EmptyObjectNeedsNoChunk) {
  const BlobRef nothing = BlobRefOf({});
  EXPECT_TRUE(ChunkAssembler(nothing, NewMemoryWriter(nothing, {})).Finish().ok());
}

}  // namespace
}  // namespace cairn

#include "protocol/transport/chunks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/crc32c.h"
#include "core/base/random.h"
#include "protocol/messages/blob_ref.h"

namespace cairn {
namespace {

std::vector<std::byte> RandomBytes(std::size_t size) {
  RandomStream stream = SeededRandom(3).Open({});
  std::vector<std::byte> bytes(size);
  for (std::byte& b : bytes) b = static_cast<std::byte>(stream.NextU32());
  return bytes;
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

TEST_F(ChunkAssemblerTest, ChunkInPiecesIsTheSameChunk) {
  auto assembler = NewAssembler();
  const std::span<const std::byte> all(bytes_);
  const std::span<const std::byte> pieces[] = {all.first(1), all.subspan(1, 0), all.subspan(1, 4000),
                                               all.subspan(4001)};
  EXPECT_EQ(assembler.Accept(ScatteredChunk{0, Crc32c(all) ^ 1, pieces}).value(), ChunkVerdict::kCorrupt);
  EXPECT_EQ(assembler.Accept(ScatteredChunk{0, Crc32c(all), pieces}).value(), ChunkVerdict::kWhole);
  EXPECT_EQ(out_, bytes_);
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
  EXPECT_EQ(refused({.offset = 9'999, .crc32c = 0, .data = std::span(bytes_).first(2)}),
            errors::kNetProtocol);
  EXPECT_EQ(refused({.offset = ~std::uint64_t{0}, .crc32c = 0, .data = std::span(bytes_).first(2)}),
            errors::kNetProtocol);
  const std::vector<std::byte> large(kMaxChunkBytes + 1);
  EXPECT_EQ(refused({.offset = 0, .crc32c = 0, .data = large}), errors::kNetProtocol);
}

TEST_F(ChunkAssemblerTest, EmptyObjectNeedsNoChunk) {
  const BlobRef nothing = BlobRefOf({});
  EXPECT_TRUE(ChunkAssembler(nothing, NewMemoryWriter(nothing, {})).Finish().ok());
}

}  // namespace
}  // namespace cairn

#include "protocol/grpc/received_frame.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/random.h"

namespace cairn {
namespace {

// The bytes of a message as the network may bring them: in slices of `size`.
grpc::ByteBuffer Sliced(const std::string& bytes, std::size_t size) {
  std::vector<grpc::Slice> slices;
  for (std::size_t at = 0; at < bytes.size(); at += size) slices.emplace_back(bytes.substr(at, size));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

// The frame with a chunk's data put back.
v1::ClientFrame Whole(const ReceivedFrame& received) {
  v1::ClientFrame frame = received.frame();
  if (!frame.has_chunk()) return frame;
  EXPECT_TRUE(frame.chunk().data().empty());
  for (const auto piece : received.data())
    frame.mutable_chunk()->mutable_data()->append(reinterpret_cast<const char*>(piece.data()), piece.size());
  return frame;
}

v1::ClientFrame ChunkFrame(std::size_t data, std::uint64_t offset) {
  v1::ClientFrame frame;
  frame.mutable_chunk()->set_sha256(std::string(32, 's'));
  frame.mutable_chunk()->set_offset(offset);
  frame.mutable_chunk()->set_crc32c(0x01020304);
  for (std::size_t i = 0; i < data; ++i)
    frame.mutable_chunk()->mutable_data()->push_back(static_cast<char>(i * 7));
  return frame;
}

// Whatever the bytes: the same verdict and the same frame as protobuf's.
void ExpectAsProtobuf(const std::string& bytes, std::size_t slice) {
  v1::ClientFrame expected;
  const bool good = expected.ParseFromString(bytes);
  grpc::ByteBuffer buffer = Sliced(bytes, slice);
  ReceivedFrame received;
  ASSERT_EQ(received.Decode(buffer), good);
  if (!good) return;
  EXPECT_EQ(Whole(received).SerializeAsString(), expected.SerializeAsString());
}

TEST(ReceivedFrameTest, ChunkInSlicesOfAnySizeIsTheSameChunk) {
  for (const std::size_t data : {0u, 1u, 100u, 5000u}) {
    for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{1} << 40}) {
      const std::string bytes = ChunkFrame(data, offset).SerializeAsString();
      for (const std::size_t slice : {1u, 7u, 30u, 64u, 1000u, 100'000u}) ExpectAsProtobuf(bytes, slice);
    }
  }
}

TEST(ReceivedFrameTest, ChunksDataIsNotCopied) {
  const std::string bytes = ChunkFrame(5000, 3).SerializeAsString();
  const grpc::Slice slice(bytes);
  grpc::ByteBuffer buffer(&slice, 1);
  ReceivedFrame received;
  ASSERT_TRUE(received.Decode(buffer));
  ASSERT_EQ(received.data().size(), 1u);
  EXPECT_EQ(static_cast<const void*>(received.data()[0].data()), slice.end() - 5000);
}

TEST(ReceivedFrameTest, OtherFramesAreDecoded) {
  v1::ClientFrame frame;
  frame.set_control("a message");
  ExpectAsProtobuf(frame.SerializeAsString(), 4);
  frame.mutable_offer()->mutable_object()->set_size(9);
  ExpectAsProtobuf(frame.SerializeAsString(), 4);
  ExpectAsProtobuf("", 1);
}

TEST(ReceivedFrameTest, ChunkWrittenAnotherWayIsTheSameChunk) {
  v1::Chunk head;
  head.set_offset(5);
  v1::ClientFrame data_first = ChunkFrame(100, 0);
  data_first.mutable_chunk()->clear_offset();
  // Data before offset, in one frame: the fields of a chunk may come in any order, and in two halves.
  const std::string inner = data_first.chunk().SerializeAsString() + head.SerializeAsString();
  v1::ClientFrame halves = data_first;
  std::string bytes = "\x1a";
  bytes += static_cast<char>(0x80 | (inner.size() & 0x7f));
  bytes += static_cast<char>(inner.size() >> 7);
  ExpectAsProtobuf(bytes + inner, 16);
  v1::ClientFrame offset_only;
  *offset_only.mutable_chunk() = head;
  ExpectAsProtobuf(halves.SerializeAsString() + offset_only.SerializeAsString(), 16);
}

TEST(ReceivedFrameTest, DamagedFramesAreJudgedAsProtobufJudgesThem) {
  RandomStream stream = SeededRandom(11).Open({});
  const std::string good = ChunkFrame(300, 70'000).SerializeAsString();
  for (int i = 0; i < 4000; ++i) {
    std::string bytes = good;
    const std::size_t at = stream.NextU32() % 60;  // the head: behind it all bytes are data
    bytes[at] = static_cast<char>(stream.NextU32());
    if (i % 4 == 0) bytes.resize(stream.NextU32() % bytes.size());
    ExpectAsProtobuf(bytes, 1 + stream.NextU32() % 80);
  }
}

TEST(ReceivedFrameTest, NothingOfTheLastFrameIsLeft) {
  ReceivedFrame received;
  grpc::ByteBuffer chunk = Sliced(ChunkFrame(100, 0).SerializeAsString(), 50);
  ASSERT_TRUE(received.Decode(chunk));
  v1::ClientFrame control;
  control.set_control("x");
  grpc::ByteBuffer bytes = Sliced(control.SerializeAsString(), 50);
  ASSERT_TRUE(received.Decode(bytes));
  EXPECT_TRUE(received.data().empty());
  EXPECT_EQ(received.frame().control(), "x");
}

}  // namespace
}  // namespace cairn

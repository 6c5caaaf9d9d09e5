#include "protocol/grpc/received_frame.h"

#include <google/protobuf/io/coded_stream.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace cairn {
namespace {

constexpr std::uint32_t kVarint = 0, kBytes = 2, kFixed32 = 5;  // protobuf's wire types
constexpr std::uint32_t Tag(int field, std::uint32_t type) {
  return static_cast<std::uint32_t>(field) << 3 | type;
}
constexpr std::size_t kMaxHeadBytes = 96;  // more than a chunk's head can take

// Reads a frame up to the data of its chunk: the number of bytes before the data. 0 when the frame is
// no chunk, or not written as protobuf writes one: known fields only, the data last and to the end.
std::size_t ReadChunkHead(std::span<const std::uint8_t> head, std::size_t frame_size, v1::Chunk& chunk) {
  google::protobuf::io::CodedInputStream in(head.data(), static_cast<int>(head.size()));
  const auto position = [&in] { return static_cast<std::size_t>(in.CurrentPosition()); };
  const auto reaches_end = [&](std::uint32_t size) { return position() + size == frame_size; };
  std::uint32_t size = 0, crc32c = 0;
  std::uint64_t offset = 0;
  if (in.ReadTag() != Tag(v1::ClientFrame::kChunkFieldNumber, kBytes)) return 0;
  if (!in.ReadVarint32(&size) || !reaches_end(size)) return 0;
  for (;;) {
    switch (in.ReadTag()) {
      case Tag(v1::Chunk::kSha256FieldNumber, kBytes):
        if (!in.ReadVarint32(&size) || size > 32 ||
            !in.ReadString(chunk.mutable_sha256(), static_cast<int>(size)))
          return 0;
        break;
      case Tag(v1::Chunk::kOffsetFieldNumber, kVarint):
        if (!in.ReadVarint64(&offset)) return 0;
        chunk.set_offset(offset);
        break;
      case Tag(v1::Chunk::kCrc32CFieldNumber, kFixed32):
        if (!in.ReadLittleEndian32(&crc32c)) return 0;
        chunk.set_crc32c(crc32c);
        break;
      case Tag(v1::Chunk::kDataFieldNumber, kBytes):
        return in.ReadVarint32(&size) && reaches_end(size) ? position() : 0;
      default:
        return 0;
    }
  }
}

}  // namespace

bool ReceivedFrame::Decode(grpc::ByteBuffer& bytes) {
  Clear();
  const std::size_t size = bytes.Length();
  if (bytes.Valid() && bytes.Dump(&slices_).ok() && TakeChunk(size)) {
    bytes.Clear();
    return true;
  }
  slices_.clear();
  grpc::ProtoBufferReader reader(&bytes);
  const bool good = bytes.Valid() && frame_.ParseFromZeroCopyStream(&reader);
  bytes.Clear();
  if (!good || !frame_.has_chunk()) return good;
  decoded_ = std::move(*frame_.mutable_chunk()->mutable_data());
  frame_.mutable_chunk()->clear_data();
  data_.push_back(std::as_bytes(std::span(decoded_)));
  return true;
}

bool ReceivedFrame::TakeChunk(std::size_t size) {
  std::array<std::uint8_t, kMaxHeadBytes> head;
  std::size_t filled = 0;
  for (const grpc::Slice& slice : slices_) {
    const std::size_t n = std::min(slice.size(), head.size() - filled);
    std::copy_n(slice.begin(), n, head.begin() + static_cast<std::ptrdiff_t>(filled));
    filled += n;
    if (filled == head.size()) break;
  }
  std::size_t before = ReadChunkHead(std::span(head).first(filled), size, *frame_.mutable_chunk());
  if (before == 0) {
    frame_.Clear();
    return false;
  }
  for (const grpc::Slice& slice : slices_) {
    const auto bytes = std::as_bytes(std::span(slice.begin(), slice.size()));
    const std::size_t skipped = std::min(before, bytes.size());
    before -= skipped;
    if (skipped < bytes.size()) data_.push_back(bytes.subspan(skipped));
  }
  return true;
}

void ReceivedFrame::Clear() {
  frame_.Clear();
  slices_.clear();
  data_.clear();
  decoded_ = std::string();  // not clear(): a site that sends nothing holds no chunk's memory
}

}  // namespace cairn

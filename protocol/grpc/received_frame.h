#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <span>
#include <vector>

#include "cairn/v1/transfer.pb.h"
#include "protocol/transport/blob_store.h"

// Inside of protocol/grpc.

namespace cairn {

// A frame of a site as it came. The bytes of a chunk stay where the network put them, in pieces: to
// decode them would copy every update once more, into memory that is fresh each time. Everything
// else is decoded. Not thread-safe; the pieces live until the next Decode or Clear.
class ReceivedFrame {
 public:
  // Takes the bytes over. False when they are not a ClientFrame.
  bool Decode(grpc::ByteBuffer& bytes);
  void Clear();

  // Where it holds a chunk, without the chunk's data.
  const v1::ClientFrame& frame() const { return frame_; }
  Pieces data() const { return data_; }

 private:
  bool TakeChunk(std::size_t size);

  v1::ClientFrame frame_;
  std::vector<grpc::Slice> slices_;
  std::vector<std::span<const std::byte>> data_;
  std::string decoded_;  // the data of a chunk that was written another way than ours
};

}  // namespace cairn

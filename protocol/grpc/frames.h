#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "cairn/v1/transfer.pb.h"
#include "core/base/result.h"
#include "protocol/messages/model_ref.h"
#include "protocol/transport/chunks.h"

// What both ends do with frames. Inside of protocol/grpc.

namespace cairn {

void ToFrame(const BlobRef& ref, v1::BlobRef* out);
Result<BlobRef> FromFrame(const v1::BlobRef& in);
void ToFrame(const BlobRef& ref, const ChunkView& chunk, v1::Chunk* out);
inline ChunkView FromFrame(const v1::Chunk& in) {
  return {.offset = in.offset(), .crc32c = in.crc32c(), .data = std::as_bytes(std::span(in.data()))};
}
bool IsChunkOf(const v1::Chunk& chunk, const BlobRef& ref);
void ToFrame(const Status& status, v1::Fault* out);
Status FromFrame(const v1::Fault& in);

// An object on its way out. `owner` keeps the bytes.
struct OutgoingObject {
  BlobRef ref;
  std::shared_ptr<const void> owner;
  std::span<const std::byte> bytes;
  std::uint64_t offset = 0;
};

// What one end still has to write: control frames first, one object's chunks between them. Chunks are
// made when their turn comes, so a slow peer costs one chunk of memory. Not thread-safe.
template <class Frame>
class Outbox {
 public:
  static constexpr std::size_t kMaxFrames = 1024;
  static constexpr std::size_t kMaxBytes = std::size_t{8} << 20;

  // False when the peer has left too much unread.
  bool Push(Frame frame) {
    bytes_ += frame.ByteSizeLong();
    frames_.push_back(std::move(frame));
    return frames_.size() <= kMaxFrames && bytes_ <= kMaxBytes;
  }
  // One at a time; where the peer says to go on from.
  void Stream(OutgoingObject object) { object_ = std::move(object); }
  bool is_streaming() const { return object_.has_value() && object_->offset < object_->bytes.size(); }
  const std::optional<OutgoingObject>& object() const { return object_; }
  void StopStream() { object_.reset(); }

  bool empty() const { return frames_.empty() && !is_streaming(); }
  std::size_t size() const { return frames_.size(); }

  // The next frame to write; call only when not empty().
  void Take(Frame* out) {
    if (!frames_.empty()) {
      *out = std::move(frames_.front());
      frames_.pop_front();
      bytes_ -= out->ByteSizeLong();
      return;
    }
    const ChunkView chunk = ChunkAt(object_->bytes, object_->offset);
    ToFrame(object_->ref, chunk, out->mutable_chunk());
    object_->offset += chunk.data.size();
  }

 private:
  std::deque<Frame> frames_;
  std::size_t bytes_ = 0;
  std::optional<OutgoingObject> object_;
};

}  // namespace cairn

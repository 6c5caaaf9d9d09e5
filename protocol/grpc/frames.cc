#include "protocol/grpc/frames.h"

#include <cstring>

#include "protocol/messages/limits.h"

namespace cairn {

void ToFrame(const BlobRef& ref, v1::BlobRef* out) {
  out->set_sha256(ref.sha256.data(), ref.sha256.size());
  out->set_size(ref.size);
}

Result<BlobRef> FromFrame(const v1::BlobRef& in) {
  BlobRef ref{.sha256 = {}, .size = in.size()};
  if (in.sha256().size() != ref.sha256.size())
    return Status(errors::kNetProtocol, "an object's name is not 32 bytes");
  if (in.size() > kMaxBlobBytes) return Status(errors::kNetProtocol, "an object is larger than any may be");
  std::memcpy(ref.sha256.data(), in.sha256().data(), ref.sha256.size());
  return ref;
}

void ToFrame(const BlobRef& ref, const ChunkView& chunk, v1::Chunk* out) {
  out->set_sha256(ref.sha256.data(), ref.sha256.size());
  out->set_offset(chunk.offset);
  out->set_crc32c(chunk.crc32c);
  out->set_data(chunk.data.data(), chunk.data.size());
}

bool IsChunkOf(const v1::Chunk& chunk, const BlobRef& ref) {
  return chunk.sha256().size() == ref.sha256.size() &&
         std::memcmp(chunk.sha256().data(), ref.sha256.data(), ref.sha256.size()) == 0;
}

void ToFrame(const Status& status, v1::Fault* out) {
  out->set_id(status.id().value);
  out->set_what(status.what());
}

Status FromFrame(const v1::Fault& in) {
  const ErrorId id{static_cast<std::uint16_t>(in.id())};
  const bool known = in.id() <= 9999 && FindError(id) != nullptr;
  return Status(known ? id : errors::kNetProtocol, in.what().substr(0, kMaxReasonBytes));
}

}  // namespace cairn

#include "protocol/transport/chunks.h"

#include <algorithm>

#include "core/base/crc32c.h"
#include "privacy/crypto/sha256.h"

namespace cairn {
namespace {

class MemoryWriter final : public BlobWriter {
 public:
  MemoryWriter(const BlobRef& ref, std::span<std::byte> out) : ref_(ref), out_(out) {}

  std::uint64_t size() const override { return size_; }
  Status Append(Pieces pieces) override {
    if (SizeOf(pieces) > out_.size() - size_)
      return Status(errors::kNetProtocol, "an object is longer than its name says");
    for (const auto bytes : pieces) {
      std::ranges::copy(bytes, out_.begin() + static_cast<std::ptrdiff_t>(size_));
      hash_.Update(bytes);
      size_ += bytes.size();
    }
    return {};
  }
  Status Commit() override {
    if (size_ == ref_.size && std::move(hash_).Finish().bytes == ref_.sha256) return {};
    return Status(errors::kNetProtocol, "an object's bytes do not have the SHA-256 it was offered under");
  }

 private:
  const BlobRef ref_;
  const std::span<std::byte> out_;
  std::size_t size_ = 0;
  Sha256 hash_;
};

std::uint32_t Checksum(Pieces pieces) {
  std::uint32_t crc32c = 0;
  for (const auto bytes : pieces) crc32c = Crc32c(bytes, crc32c);
  return crc32c;
}

}  // namespace

std::size_t SizeOf(Pieces pieces) {
  std::size_t size = 0;
  for (const auto bytes : pieces) size += bytes.size();
  return size;
}

ChunkView ChunkAt(std::span<const std::byte> object, std::uint64_t offset, std::size_t max_bytes) {
  const auto data = object.subspan(offset, std::min<std::size_t>(max_bytes, object.size() - offset));
  return {.offset = offset, .crc32c = Crc32c(data), .data = data};
}

Result<ChunkVerdict> ChunkAssembler::Accept(const ScatteredChunk& chunk) {
  const std::size_t size = SizeOf(chunk.data);
  if (size == 0 || size > kMaxChunkBytes) return Status(errors::kNetProtocol, "a chunk has no allowed size");
  if (chunk.offset >= ref_.size || size > ref_.size - chunk.offset) {
    return Status(errors::kNetProtocol, "a chunk lies outside its object");
  }
  if (chunk.offset != held()) return ChunkVerdict::kDropped;
  if (Checksum(chunk.data) != chunk.crc32c) return ChunkVerdict::kCorrupt;
  CAIRN_RETURN_IF_ERROR(writer_->Append(chunk.data));
  if (held() < ref_.size) return ChunkVerdict::kTaken;
  CAIRN_RETURN_IF_ERROR(writer_->Commit());
  return ChunkVerdict::kWhole;
}

std::unique_ptr<BlobWriter> NewMemoryWriter(const BlobRef& ref, std::span<std::byte> out) {
  CAIRN_CHECK(out.size() == ref.size, "the memory is as large as the object");
  return std::make_unique<MemoryWriter>(ref, out);
}

}  // namespace cairn

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/base/result.h"
#include "protocol/messages/limits.h"
#include "protocol/transport/blob_store.h"

namespace cairn {

// A piece of an object on the wire. data is borrowed.
struct ChunkView {
  std::uint64_t offset = 0;
  std::uint32_t crc32c = 0;
  std::span<const std::byte> data;  // 1 to kMaxChunkBytes
};

// The same with its bytes in several places, as the network brings them.
struct ScatteredChunk {
  std::uint64_t offset = 0;
  std::uint32_t crc32c = 0;
  Pieces data;
};

// The piece of `object` that starts at `offset`, at most `max_bytes` long, with its checksum.
ChunkView ChunkAt(std::span<const std::byte> object, std::uint64_t offset,
                  std::size_t max_bytes = kMaxChunkBytes);

enum class ChunkVerdict : std::uint8_t {
  kTaken,
  kWhole,    // the last one: the object is committed
  kDropped,  // not what comes next; harmless after a resume
  kCorrupt,  // checksum: the sender goes back to held()
};

// Puts an object together from chunks in order, and resumes at the last verified byte. A chunk counts
// when its place and its checksum are right; the object when its hash is. Not thread-safe.
class ChunkAssembler {
 public:
  ChunkAssembler(const BlobRef& ref, std::unique_ptr<BlobWriter> writer)
      : ref_(ref), writer_(std::move(writer)) {}

  const BlobRef& ref() const { return ref_; }
  std::uint64_t held() const { return writer_->size(); }
  // kNetProtocol for a chunk that no honest sender makes and for a wrong hash; else storage's errors.
  Result<ChunkVerdict> Accept(const ScatteredChunk& chunk);
  Result<ChunkVerdict> Accept(const ChunkView& chunk) {
    return Accept(ScatteredChunk{chunk.offset, chunk.crc32c, Pieces(&chunk.data, 1)});
  }
  // Commits an object that needs no more chunks: of no bytes, or all held from an earlier try.
  Status Finish() { return writer_->Commit(); }

 private:
  BlobRef ref_;
  std::unique_ptr<BlobWriter> writer_;
};

std::size_t SizeOf(Pieces pieces);

// A writer into memory, for transports within one process; `out` must outlive it.
std::unique_ptr<BlobWriter> NewMemoryWriter(const BlobRef& ref, std::span<std::byte> out);

}  // namespace cairn

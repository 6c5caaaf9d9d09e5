#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "privacy/crypto/sha256.h"

namespace cairn::secagg {

// Writes the bytes of a client's state, in the encoding that TranscriptReader reads. Without memory it counts
// only: what is saved is written twice, first to learn its size and then into memory that is wiped, because a
// buffer that grows leaves copies of secrets in freed memory.
class StateWriter {
 public:
  StateWriter() = default;
  explicit StateWriter(std::span<std::byte> out) : out_(out), counts_(false) {}

  StateWriter& U8(std::uint8_t value) { return Number(value, 1); }
  StateWriter& U32(std::uint32_t value) { return Number(value, 4); }
  StateWriter& U64(std::uint64_t value) { return Number(value, 8); }
  StateWriter& Fixed(std::span<const std::byte> bytes);  // without its length: the reader knows it
  StateWriter& Blob(std::span<const std::byte> bytes);   // u32 length in front
  StateWriter& Hash(const Sha256Digest& digest) { return Fixed(digest.bytes); }

  std::size_t size() const { return size_; }

 private:
  StateWriter& Number(std::uint64_t value, unsigned width);
  std::span<std::byte> out_;
  std::size_t size_ = 0;
  bool counts_ = true;
};

}  // namespace cairn::secagg

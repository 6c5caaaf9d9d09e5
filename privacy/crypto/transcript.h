#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "privacy/crypto/sha256.h"
#include "privacy/crypto/text_codec.h"

// Canonical bytes of what is hashed, signed or stored here: numbers are little-endian of fixed
// width, strings and byte strings carry a 32-bit length in front. One value, one encoding; a label
// in front says what the bytes are for, so a signature for one purpose never fits another.

namespace cairn {

class TranscriptWriter {
 public:
  TranscriptWriter() = default;  // without a label: for formats that say in front what they are
  explicit TranscriptWriter(std::string_view label) { Text(label); }

  TranscriptWriter& U8(std::uint8_t value) { return Number(value, 1); }
  TranscriptWriter& U16(std::uint16_t value) { return Number(value, 2); }
  TranscriptWriter& U32(std::uint32_t value) { return Number(value, 4); }
  TranscriptWriter& U64(std::uint64_t value) { return Number(value, 8); }
  TranscriptWriter& I64(std::int64_t value) { return Number(static_cast<std::uint64_t>(value), 8); }
  TranscriptWriter& Text(std::string_view text) { return Blob(AsBytes(text)); }
  TranscriptWriter& Blob(std::span<const std::byte> bytes);   // with its length
  TranscriptWriter& Fixed(std::span<const std::byte> bytes);  // without: the reader knows it

  const Bytes& bytes() const { return bytes_; }
  Sha256Digest Digest() const { return Sha256::Of(bytes_); }

 private:
  TranscriptWriter& Number(std::uint64_t value, unsigned width);
  Bytes bytes_;
};

// Reads such bytes when they come from outside. Never reads past the end: after the first fault
// ok() is false, and every value is zero or empty. Borrows the bytes.
class TranscriptReader {
 public:
  explicit TranscriptReader(std::span<const std::byte> bytes) : rest_(bytes) {}
  // ok() is false at once when the bytes do not start with the label.
  TranscriptReader(std::span<const std::byte> bytes, std::string_view label);

  std::uint8_t U8() { return static_cast<std::uint8_t>(Number(1)); }
  std::uint16_t U16() { return static_cast<std::uint16_t>(Number(2)); }
  std::uint32_t U32() { return static_cast<std::uint32_t>(Number(4)); }
  std::uint64_t U64() { return Number(8); }
  std::int64_t I64() { return static_cast<std::int64_t>(Number(8)); }
  std::string Text(std::size_t max_size);
  std::span<const std::byte> Blob(std::size_t max_size);
  std::span<const std::byte> Fixed(std::size_t size);
  // Copies size bytes to the destination; zeros after a fault.
  void FixedTo(std::span<std::byte> out);

  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }  // everything read, nothing left over
  std::size_t left() const { return rest_.size(); }

 private:
  std::uint64_t Number(unsigned width);
  std::span<const std::byte> rest_;
  bool ok_ = true;
};

}  // namespace cairn

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "privacy/crypto/sha256.h"
#include "privacy/crypto/text_codec.h"
#include "privacy/crypto/transcript.h"

namespace cairn::secagg {

// The bytes that are signed, hashed or derived from in CAIRN-SECAGG-1:
//
//   T(label; f1 … fn) = u8 length of label ‖ label ‖ u8 n ‖ for each field u32 length ‖ bytes
//
// label = "cairn-secagg-1/" + name. Integers are fields of 4 or 8 bytes, reals IEEE-754 of 8, all
// little-endian. One value, one encoding; a signature for one purpose never fits another.
class Transcript {
 public:
  explicit Transcript(std::string_view name);  // without the prefix: Transcript("adv")

  Transcript& U32(std::uint32_t value);
  Transcript& U64(std::uint64_t value);
  Transcript& F64(double value);
  Transcript& Field(std::span<const std::byte> bytes);
  Transcript& Text(std::string_view text);
  Transcript& Hash(const Sha256Digest& digest) { return Field(digest.bytes); }

  Bytes bytes() const;  // with the count in its place
  Sha256Digest Digest() const;
  // Digest with one more field at the end, a secret: hashed where it lies, never copied into the transcript.
  Sha256Digest DigestWithSecret(std::span<const std::byte> secret) const;

 private:
  Bytes Head(std::size_t count) const;

  Bytes label_, fields_;
  std::size_t count_ = 0;
};

// The fields of such bytes when they come from outside, in order. After the first that is missing or of
// another size done() is false, and every value is zero. Borrows the bytes.
class TranscriptFields {
 public:
  TranscriptFields(std::span<const std::byte> bytes, std::string_view name, std::uint8_t count);

  std::uint32_t U32() { return static_cast<std::uint32_t>(Number(4)); }
  std::uint64_t U64() { return Number(8); }
  Sha256Digest Hash();  // any field of 32 bytes
  std::string Text();
  void Skip(std::size_t fields);
  bool done() const { return ok_ && in_.done(); }  // all fields read, as many as there had to be

 private:
  std::span<const std::byte> Next(std::size_t size);
  std::uint64_t Number(std::size_t size);

  TranscriptReader in_;
  bool ok_ = true;
};

}  // namespace cairn::secagg

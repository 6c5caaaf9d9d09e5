#include "privacy/secagg/shared/transcript.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include "core/base/check.h"

namespace cairn::secagg {
namespace {

constexpr std::string_view kPrefix = "cairn-secagg-1/";
constexpr std::size_t kMaxByte = std::numeric_limits<std::uint8_t>::max();

void Append(std::span<const std::byte> bytes, Bytes& to) { to.insert(to.end(), bytes.begin(), bytes.end()); }

template <std::size_t kSize>
std::array<std::byte, kSize> LittleEndian(std::uint64_t value) {
  std::array<std::byte, kSize> bytes;
  for (std::size_t i = 0; i < kSize; ++i) bytes[i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
  return bytes;
}

std::array<std::byte, 4> LengthOf(std::span<const std::byte> field) {
  CAIRN_CHECK(field.size() <= std::numeric_limits<std::uint32_t>::max(), "a transcript field is below 4 GiB");
  return LittleEndian<4>(field.size());
}

}  // namespace

Transcript::Transcript(std::string_view name) {
  const std::size_t size = kPrefix.size() + name.size();
  CAIRN_CHECK(!name.empty() && size <= kMaxByte, "a label is short");
  label_.reserve(1 + size);
  label_.push_back(static_cast<std::byte>(size));
  Append(AsBytes(kPrefix), label_);
  Append(AsBytes(name), label_);
}

Transcript& Transcript::U32(std::uint32_t value) { return Field(LittleEndian<4>(value)); }
Transcript& Transcript::U64(std::uint64_t value) { return Field(LittleEndian<8>(value)); }
Transcript& Transcript::F64(double value) { return U64(std::bit_cast<std::uint64_t>(value)); }
Transcript& Transcript::Text(std::string_view text) { return Field(AsBytes(text)); }

Transcript& Transcript::Field(std::span<const std::byte> bytes) {
  Append(LengthOf(bytes), fields_);
  Append(bytes, fields_);
  ++count_;
  return *this;
}

Bytes Transcript::Head(std::size_t count) const {
  CAIRN_CHECK(count <= kMaxByte, "a transcript has at most 255 fields");
  Bytes head = label_;
  head.push_back(static_cast<std::byte>(count));
  return head;
}

Bytes Transcript::bytes() const {
  Bytes all = Head(count_);
  Append(fields_, all);
  return all;
}

Sha256Digest Transcript::Digest() const {
  return std::move(Sha256().Update(Head(count_)).Update(fields_)).Finish();
}

Sha256Digest Transcript::DigestWithSecret(std::span<const std::byte> secret) const {
  Sha256 hash;
  hash.Update(Head(count_ + 1)).Update(fields_).Update(LengthOf(secret)).Update(secret);
  return std::move(hash).Finish();
}

TranscriptFields::TranscriptFields(std::span<const std::byte> bytes, std::string_view name,
                                   std::uint8_t count)
    : in_(bytes) {
  const std::span<const std::byte> label = in_.Fixed(in_.U8());
  ok_ = AsText(label) == std::string(kPrefix) + std::string(name) && in_.U8() == count && in_.ok();
}

std::span<const std::byte> TranscriptFields::Next(std::size_t size) {
  const std::span<const std::byte> field = in_.Blob(in_.left());
  ok_ = ok_ && in_.ok() && field.size() == size;
  return ok_ ? field : std::span<const std::byte>();
}

std::uint64_t TranscriptFields::Number(std::size_t size) {
  std::uint64_t value = 0, place = 0;
  for (const std::byte byte : Next(size)) value |= std::to_integer<std::uint64_t>(byte) << (8 * place++);
  return value;
}

Sha256Digest TranscriptFields::Hash() {
  Sha256Digest digest;
  const std::span<const std::byte> field = Next(digest.bytes.size());
  std::copy(field.begin(), field.end(), digest.bytes.begin());
  return digest;
}

std::string TranscriptFields::Text() {
  const std::span<const std::byte> field = in_.Blob(in_.left());
  ok_ = ok_ && in_.ok();
  return ok_ ? std::string(AsText(field)) : std::string();
}

void TranscriptFields::Skip(std::size_t fields) {
  for (std::size_t i = 0; i < fields; ++i) in_.Blob(in_.left());
  ok_ = ok_ && in_.ok();
}

}  // namespace cairn::secagg

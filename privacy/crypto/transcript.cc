#include "privacy/crypto/transcript.h"

#include <algorithm>
#include <limits>

#include "core/base/check.h"

namespace cairn {

TranscriptWriter& TranscriptWriter::Number(std::uint64_t value, unsigned width) {
  for (unsigned i = 0; i < width; ++i) bytes_.push_back(static_cast<std::byte>(value >> (8 * i) & 0xff));
  return *this;
}

TranscriptWriter& TranscriptWriter::Blob(std::span<const std::byte> bytes) {
  CAIRN_CHECK(bytes.size() <= std::numeric_limits<std::uint32_t>::max(), "a transcript field is below 4 GiB");
  return Number(bytes.size(), 4).Fixed(bytes);
}

TranscriptWriter& TranscriptWriter::Fixed(std::span<const std::byte> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}

TranscriptReader::TranscriptReader(std::span<const std::byte> bytes, std::string_view label) : rest_(bytes) {
  const auto found = Blob(label.size());
  if (AsText(found) != label) ok_ = false;
}

std::uint64_t TranscriptReader::Number(unsigned width) {
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const std::byte byte : Fixed(width)) {
    value |= std::to_integer<std::uint64_t>(byte) << shift;
    shift += 8;
  }
  return value;
}

std::span<const std::byte> TranscriptReader::Fixed(std::size_t size) {
  if (!ok_ || size > rest_.size()) {
    ok_ = false;
    return {};
  }
  const auto taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

std::span<const std::byte> TranscriptReader::Blob(std::size_t max_size) {
  const std::uint32_t size = U32();
  if (size > max_size) ok_ = false;
  return Fixed(size);
}

std::string TranscriptReader::Text(std::size_t max_size) { return std::string(AsText(Blob(max_size))); }

void TranscriptReader::FixedTo(std::span<std::byte> out) {
  const auto bytes = Fixed(out.size());
  std::fill(out.begin(), out.end(), std::byte{0});
  std::copy(bytes.begin(), bytes.end(), out.begin());
}

}  // namespace cairn

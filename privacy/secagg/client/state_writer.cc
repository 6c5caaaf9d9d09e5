#include "privacy/secagg/client/state_writer.h"

#include <algorithm>

#include "core/base/check.h"

namespace cairn::secagg {

StateWriter& StateWriter::Fixed(std::span<const std::byte> bytes) {
  if (!counts_) {
    CAIRN_CHECK(bytes.size() <= out_.size() - size_, "the state has the size that was counted");
    std::copy(bytes.begin(), bytes.end(), out_.begin() + static_cast<std::ptrdiff_t>(size_));
  }
  size_ += bytes.size();
  return *this;
}

StateWriter& StateWriter::Blob(std::span<const std::byte> bytes) {
  U32(static_cast<std::uint32_t>(bytes.size()));
  return Fixed(bytes);
}

StateWriter& StateWriter::Number(std::uint64_t value, unsigned width) {
  for (unsigned i = 0; i < width; ++i) {
    const auto byte = static_cast<std::byte>(value >> (8 * i));
    Fixed({&byte, 1});
  }
  return *this;
}

}  // namespace cairn::secagg

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "protocol/messages/model_ref.h"

namespace cairn {

// The name of these bytes.
BlobRef BlobRefOf(std::span<const std::byte> bytes);

// From BlobRef::hex() and a size; none when the text is not 64 lower-case hex digits.
std::optional<BlobRef> ParseBlobRef(std::string_view hex, std::uint64_t size);

}  // namespace cairn

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// What every maker of tensors asks of names and shapes, and how a name is shown in a message.

namespace cairn {

// Null for a usable name, else what is wrong with it ("is empty"): 1 to max_bytes bytes of well-formed
// UTF-8 without control characters, and not "__metadata__", so that a name can be logged, sent and stored
// anywhere.
const char* NameFault(std::string_view name, std::size_t max_bytes);

// True for well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool IsUtf8(std::string_view text);

// "conv1.weight" in quotes for a message; control and ill-formed bytes as \xHH, cut after 80 bytes.
std::string QuoteName(std::string_view name);

// Product of the dimensions, or false when it exceeds `limit`. Dimensions must not be negative.
bool ShapeElements(std::span<const std::int64_t> shape, std::int64_t limit, std::int64_t& elements);

// "[3, 4]"
std::string ShapeText(std::span<const std::int64_t> shape);

}  // namespace cairn

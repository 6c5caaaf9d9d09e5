#include "core/tensor/tensor_name.h"

#include <algorithm>

namespace cairn {
namespace {

constexpr std::size_t kShownBytes = 80;

// Length of the well-formed UTF-8 sequence at the front of text, or 0. RFC 3629, section 4.
std::size_t Utf8Sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return text.empty() ? 0 : 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80, high = first == 0xed ? 0x9f : 0xbf;
    return tail(1, low, high) && tail(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80, high = first == 0xf4 ? 0x8f : 0xbf;
    return tail(1, low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void AppendHex(char c, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  out += "\\x";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = Utf8Sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

const char* NameFault(std::string_view name, std::size_t max_bytes) {
  if (name.empty()) return "is empty";
  if (name.size() > max_bytes) return "is too long";
  if (std::any_of(name.begin(), name.end(), IsControl)) return "holds a control character";
  if (!IsUtf8(name)) return "is not UTF-8";
  if (name == "__metadata__") return "is reserved by the safetensors format";
  return nullptr;
}

std::string QuoteName(std::string_view name) {
  std::string out = "\"";
  std::size_t at = 0;
  while (at < name.size() && at < kShownBytes) {
    const std::size_t length = Utf8Sequence(name.substr(at));
    if (length == 0 || IsControl(name[at])) {
      AppendHex(name[at++], out);
    } else {
      out += name.substr(at, length);
      at += length;
    }
  }
  return out + (at < name.size() ? "…\"" : "\"");
}

bool ShapeElements(std::span<const std::int64_t> shape, std::int64_t limit, std::int64_t& elements) {
  // A zero anywhere makes the product zero, however large the rest.
  elements = std::find(shape.begin(), shape.end(), 0) == shape.end() ? 1 : 0;
  if (elements == 0) return true;
  for (const std::int64_t dimension : shape) {
    if (dimension > limit / elements) return false;
    elements *= dimension;
  }
  return true;
}

std::string ShapeText(std::span<const std::int64_t> shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return out + "]";
}

}  // namespace cairn

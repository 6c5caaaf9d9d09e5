#include "core/tensor/json_cursor.h"

#include <charconv>

#include "core/tensor/tensor_name.h"

namespace cairn {
namespace {

void AppendUtf8(std::uint32_t code, std::string& out) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) return byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f));
  if (code < 0x10000) {
    return byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f));
  }
  byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f));
  byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f));
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Status JsonCursor::Error(std::string_view problem) const {
  return Status(errors::kSafetensorsFormat,
                "byte " + std::to_string(at_) + " of the header: " + std::string(problem));
}

void JsonCursor::SkipBlanks() {
  while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos) ++at_;
}

bool JsonCursor::Take(char c) {
  SkipBlanks();
  if (at_ == text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

Status JsonCursor::Expect(char c) {
  return Take(c) ? Status::Ok() : Error(std::string("expected '") + c + "'");
}

Status JsonCursor::ExpectEnd() {
  SkipBlanks();
  return at_ == text_.size() ? Status::Ok() : Error("expected nothing more");
}

Result<std::string> JsonCursor::String(std::size_t max_bytes) {
  if (!Take('"')) return Error("expected a string");
  std::string out;
  while (true) {
    if (at_ == text_.size()) return Error("a string is not closed");
    const char c = text_[at_++];
    if (c == '"') break;
    if (static_cast<unsigned char>(c) < 0x20) return Error("a control character in a string");
    if (c == '\\') {
      CAIRN_RETURN_IF_ERROR(AppendEscape(out));
    } else {
      out += c;
    }
    if (out.size() > max_bytes)
      return Error("a string is longer than " + std::to_string(max_bytes) + " bytes");
  }
  if (!IsUtf8(out)) return Error("a string is not UTF-8");
  return out;
}

Status JsonCursor::AppendEscape(std::string& out) {
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
  if (at_ == text_.size()) return Error("a string is not closed");
  const char letter = text_[at_++];
  if (letter != 'u') {
    const std::size_t i = kLetters.find(letter);
    if (i == std::string_view::npos) return Error("an unknown escape in a string");
    out += kMeanings[i];
    return Status::Ok();
  }
  CAIRN_ASSIGN_OR_RETURN(std::uint32_t code, HexQuad());
  if (code >= 0xdc00 && code < 0xe000) return Error("half of a surrogate pair in a string");
  if (code >= 0xd800 && code < 0xdc00) {
    if (!text_.substr(at_).starts_with("\\u")) return Error("half of a surrogate pair in a string");
    at_ += 2;
    CAIRN_ASSIGN_OR_RETURN(const std::uint32_t low, HexQuad());
    if (low < 0xdc00 || low >= 0xe000) return Error("half of a surrogate pair in a string");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  AppendUtf8(code, out);
  return Status::Ok();
}

Result<std::uint32_t> JsonCursor::HexQuad() {
  std::uint32_t code = 0;
  const std::string_view digits = text_.substr(at_, 4);
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, code, 16);
  if (digits.size() != 4 || error != std::errc() || stop != end)
    return Error("\\u needs four hexadecimal digits");
  at_ += 4;
  return code;
}

Result<std::int64_t> JsonCursor::Integer() {
  SkipBlanks();
  const std::string_view rest = text_.substr(at_);
  if (rest.empty() || !IsDigit(rest[0])) return Error("expected a whole number that is not negative");
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc()) return Error("a number is above 2^63 - 1");
  const auto length = static_cast<std::size_t>(stop - rest.data());
  if (length > 1 && rest[0] == '0') return Error("a number has a leading zero");
  if (length < rest.size() && std::string_view(".eE").find(rest[length]) != std::string_view::npos) {
    return Error("expected a whole number");
  }
  at_ += length;
  return value;
}

}  // namespace cairn

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace cairn {

// Walks the tokens of a JSON text strictly (RFC 8259) and refuses what is not the one expected
// (kSafetensorsFormat, with the byte). Knows no nesting: the caller's grammar does, so depth is bounded by
// code.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : text_(text) {}

  // Skips blanks, then takes the character where it is next.
  bool Take(char c);
  Status Expect(char c);
  // Only blanks may follow.
  Status ExpectEnd();
  // A string of at most max_bytes after its escapes are resolved: well-formed UTF-8, surrogates in pairs.
  Result<std::string> String(std::size_t max_bytes);
  // A whole number from 0 to 2^63 − 1, without sign, fraction, exponent or leading zero.
  Result<std::int64_t> Integer();

  // '{' string ':' value, … '}', where on_member(key) reads the value.
  template <class OnMember>
  Status Object(std::size_t max_key_bytes, OnMember on_member);
  // '[' value, … ']', where on_element() reads one value.
  template <class OnElement>
  Status Array(OnElement on_element);

  Status Error(std::string_view problem) const;

 private:
  void SkipBlanks();
  Status AppendEscape(std::string& out);
  Result<std::uint32_t> HexQuad();

  std::string_view text_;
  std::size_t at_ = 0;
};

template <class OnMember>
Status JsonCursor::Object(std::size_t max_key_bytes, OnMember on_member) {
  CAIRN_RETURN_IF_ERROR(Expect('{'));
  if (Take('}')) return Status::Ok();
  do {
    CAIRN_ASSIGN_OR_RETURN(std::string key, String(max_key_bytes));
    CAIRN_RETURN_IF_ERROR(Expect(':'));
    CAIRN_RETURN_IF_ERROR(on_member(std::move(key)));
  } while (Take(','));
  return Expect('}');
}

template <class OnElement>
Status JsonCursor::Array(OnElement on_element) {
  CAIRN_RETURN_IF_ERROR(Expect('['));
  if (Take(']')) return Status::Ok();
  do {
    CAIRN_RETURN_IF_ERROR(on_element());
  } while (Take(','));
  return Expect(']');
}

}  // namespace cairn

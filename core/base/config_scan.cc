#include "core/base/config_scan.h"

#include <string>

#include "core/base/config.h"

namespace cairn {
namespace {

// Position after the string or comment that starts at `at`; `at` where none starts.
std::size_t SkipQuoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  if (quote == '#') return std::min(text.find('\n', at), text.size());
  if (quote != '"' && quote != '\'') return at;
  const bool multi_line = text.substr(at, 3) == std::string(3, quote);
  std::size_t i = at + (multi_line ? 3 : 1);
  for (; i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (text[i] == '\n' && !multi_line) {
      return i;
    } else if (text[i] == quote && !multi_line) {
      return i + 1;
    } else if (text[i] == quote && text.substr(i, 3) == std::string(3, quote)) {
      i += 3;
      while (i < text.size() && text[i] == quote) ++i;  // up to two quotes may precede the closing three
      return i;
    }
  }
  return text.size();
}

}  // namespace

Status CheckConfigDepth(std::string_view text, std::string_view filename) {
  std::size_t brackets = 0, dots = 0, line = 1;
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t after = SkipQuoted(text, i); after != i) {
      for (; i < after && i < text.size(); ++i) line += text[i] == '\n' ? 1 : 0;
      continue;
    }
    const char c = text[i++];
    if (c == '\n') ++line;
    if (c == '.') ++dots;
    if (c == '[' || c == '{') ++brackets;
    if ((c == ']' || c == '}') && brackets > 0) --brackets;
    if (c == '=' || c == ',' || c == '\n' || c == '{' || c == '}' || c == '[') dots = 0;
    if (dots >= kMaxConfigDepth || brackets >= kMaxConfigDepth) {
      return Status(errors::kConfigSyntax, std::string(filename) + ":" + std::to_string(line) +
                                               ": nested deeper than " + std::to_string(kMaxConfigDepth) +
                                               " levels");
    }
  }
  return {};
}

}  // namespace cairn

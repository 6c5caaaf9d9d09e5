#include "simulation/report/html.h"

#include "core/base/text.h"

namespace cairn {

std::string EscapeHtml(std::string_view text) {
  std::string lines, out;
  // EscapeControls would show line ends as \n; in a page they may stay.
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find('\n', at);
    lines += EscapeControls(text.substr(at, end == std::string_view::npos ? end : end - at));
    if (end == std::string_view::npos) break;
    lines += '\n';
    at = end + 1;
  }
  for (const char c : lines) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string HtmlNumber(long long value) {
  std::string digits = std::to_string(value), out;
  const std::size_t first = digits.front() == '-' ? 1 : 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > first && (digits.size() - i) % 3 == 0) out += "\u202f";
    out += digits[i];
  }
  return out;
}

}  // namespace cairn

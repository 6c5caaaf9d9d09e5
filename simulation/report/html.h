#pragma once

#include <string>
#include <string_view>

namespace cairn {

// Text for HTML, between tags and inside quoted attributes alike: & < > " ' and controls can start
// nothing, ill-formed UTF-8 is mended. Everything that is not our own mark-up goes through it.
std::string EscapeHtml(std::string_view text);

// "4 261 330", with narrow no-break spaces.
std::string HtmlNumber(long long value);

}  // namespace cairn

#pragma once

#include <string_view>

namespace cairn {

// The style of report.html. Colours are variables, so that plots follow light and dark.
extern const std::string_view kReportStyle;

}  // namespace cairn

#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log.h"

namespace cairn {

// One line without its end. A pure function, so that the tests can pin the bytes.
std::string FormatLogLine(LogFormat format, std::chrono::system_clock::time_point now, LogLevel level,
                          std::string_view component, std::string_view message,
                          const std::vector<LogField>& fields);

}  // namespace cairn

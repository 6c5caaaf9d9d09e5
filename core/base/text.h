#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"

// How values become text for people and programs: escapes, numbers, durations, sizes, time stamps.
// All functions accept arbitrary bytes; ill-formed UTF-8 becomes U+FFFD.

namespace cairn {

// The text with every control character shown as \n, \t or \x1b, so that it can neither move the
// cursor of a terminal nor start a second line of a log.
std::string EscapeControls(std::string_view text);

// A JSON string with its quotes.
std::string JsonString(std::string_view text);
// A JSON number; null for NaN and infinities, which JSON cannot say.
std::string JsonNumber(double value);

// Shortest text that reads back as the same double; always with a point or exponent ("1.0").
std::string FormatDouble(double value);

// "90s", "1.5h", "15 min", "250ms", "7d"; units ns us ms s m min h d.
// None when the text is not that, negative, or longer than 290 years.
std::optional<Duration> ParseDuration(std::string_view text);
// In the largest unit that needs no fraction: "90s", "2m".
std::string FormatDuration(Duration duration);

// Bytes from "512", "64kB", "4 MiB", "2GB": k, M, G, T are powers of 1000, with i of 1024.
std::optional<std::uint64_t> ParseByteSize(std::string_view text);
// For people: "183 kB", "4.10 MB".
std::string FormatByteSize(double bytes);

// "2026-11-21T07:30:12.345Z"
std::string FormatUtc(std::chrono::system_clock::time_point time);

}  // namespace cairn

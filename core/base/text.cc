#include "core/base/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <iterator>
#include <span>

namespace cairn {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Length of the well-formed UTF-8 sequence at the start of text; 0 when there is none.
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);  // overlong forms, surrogates and beyond U+10FFFF
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
      (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) {
    return 0;
  }
  return length;
}

// Copies well-formed UTF-8 to out, with U+FFFD for what is not; hands quotes, backslashes and
// controls (C0, DEL and C1, which some terminals obey) to special(code) instead.
template <class Special>
void AppendMended(std::string_view text, std::string& out, Special special) {
  while (!text.empty()) {
    const std::size_t length = Utf8Length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (length == 0) {
      out += kReplacement;
    } else if (length == 1 && (first < 0x20 || first == 0x7F || first == '"' || first == '\\')) {
      special(first);
    } else if (first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0) {
      special(static_cast<unsigned char>(text[1]));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

void AppendHex(std::string_view prefix, int digits, unsigned code, std::string& out) {
  std::array<char, 12> hex{};
  std::snprintf(hex.data(), hex.size(), "%0*x", digits, code);
  out += prefix;
  out += hex.data();
}

struct Unit {
  std::string_view name;
  double factor;
};

// Splits "1.5 h" into number and unit.
std::optional<double> ParseWithUnit(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(number) || number < 0) return std::nullopt;
  std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
  while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
  for (const Unit& unit : units) {
    if (unit.name == name) return number * unit.factor;
  }
  return std::nullopt;
}

constexpr Unit kTimeUnits[] = {{"ns", 1},   {"us", 1e3},   {"ms", 1e6},   {"s", 1e9},
                               {"m", 6e10}, {"min", 6e10}, {"h", 3.6e12}, {"d", 8.64e13}};
constexpr Unit kSizeUnits[] = {
    {"", 1},         {"B", 1},           {"kB", 1e3},           {"KB", 1e3},
    {"MB", 1e6},     {"GB", 1e9},        {"TB", 1e12},          {"KiB", 1024.0},
    {"kiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}, {"TiB", 1099511627776.0}};

}  // namespace

std::string EscapeControls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  AppendMended(text, out, [&](unsigned char code) {
    if (code == '"' || code == '\\') {
      out += static_cast<char>(code);
    } else if (code == '\n') {
      out += "\\n";
    } else if (code == '\t') {
      out += "\\t";
    } else {
      AppendHex("\\x", 2, code, out);
    }
  });
  return out;
}

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  AppendMended(text, out, [&](unsigned char code) {
    if (code == '"' || code == '\\') {
      out += '\\';
      out += static_cast<char>(code);
    } else if (code == '\n') {
      out += "\\n";
    } else {
      AppendHex("\\u", 4, code, out);
    }
  });
  return out + "\"";
}

std::string JsonNumber(double value) { return std::isfinite(value) ? FormatDouble(value) : "null"; }

std::string FormatDouble(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  std::string text(digits.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::optional<Duration> ParseDuration(std::string_view text) {
  const std::optional<double> ns = ParseWithUnit(text, kTimeUnits);
  if (!ns || *ns > 9.1e18) return std::nullopt;
  return Duration(std::llround(*ns));
}

std::string FormatDuration(Duration duration) {
  const std::int64_t ns = duration.count();
  if (ns == 0) return "0s";
  for (const Unit& unit :
       {kTimeUnits[7], kTimeUnits[6], kTimeUnits[4], kTimeUnits[3], kTimeUnits[2], kTimeUnits[1]}) {
    const auto factor = static_cast<std::int64_t>(unit.factor);
    if (ns % factor == 0) return std::to_string(ns / factor) + std::string(unit.name);
  }
  return std::to_string(ns) + "ns";
}

std::optional<std::uint64_t> ParseByteSize(std::string_view text) {
  const std::optional<double> bytes = ParseWithUnit(text, kSizeUnits);
  if (!bytes || *bytes > 9.0e18) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*bytes));
}

std::string FormatByteSize(double bytes) {
  constexpr std::string_view kNames[] = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < std::size(kNames)) {
    bytes /= 1000;
    ++unit;
  }
  const int decimals = unit == 0 || bytes >= 99.95 ? 0 : bytes >= 9.995 ? 1 : 2;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.*f %s", decimals, bytes, kNames[unit].data());
  return text.data();
}

std::string FormatUtc(std::chrono::system_clock::time_point time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
  const std::time_t seconds = static_cast<std::time_t>(ms >= 0 ? ms / 1000 : (ms - 999) / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(ms - seconds * 1000));
  return text.data();
}

}  // namespace cairn

#include "core/base/log_line.h"

#include <algorithm>

#include "core/base/text.h"

namespace cairn {
namespace {

struct LevelWords {
  std::string_view name;
  std::string_view padded;
  std::string_view journal;  // syslog priority, as systemd reads it (sd-daemon(3))
};
constexpr LevelWords kLevels[] = {{"trace", "trace", "<7>"}, {"debug", "debug", "<7>"},
                                  {"info", "info ", "<6>"},  {"warning", "warn ", "<4>"},
                                  {"error", "error", "<3>"}, {"off", "off  ", "<6>"}};

const LevelWords& Words(LogLevel level) { return kLevels[static_cast<std::size_t>(level)]; }

std::string TextOf(const LogField::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    const bool plain = !text->empty() && text->find_first_of(" \t\n\"=") == std::string::npos;
    return plain ? EscapeControls(*text) : JsonString(*text);
  }
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) return FormatDouble(*number);
  return std::get<bool>(value) ? "true" : "false";
}

std::string JsonOf(const LogField::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return JsonString(*text);
  if (const auto* number = std::get_if<double>(&value)) return JsonNumber(*number);
  return TextOf(value);
}

}  // namespace

std::string FormatLogLine(LogFormat format, std::chrono::system_clock::time_point now, LogLevel level,
                          std::string_view component, std::string_view message,
                          const std::vector<LogField>& fields) {
  const LevelWords& words = Words(level);
  std::string line;
  if (format == LogFormat::kJson) {
    line = "{\"ts\":" + JsonString(FormatUtc(now)) + ",\"level\":" + JsonString(words.name) +
           ",\"component\":" + JsonString(component) + ",\"msg\":" + JsonString(message);
    for (const LogField& field : fields) line += "," + JsonString(field.key) + ":" + JsonOf(field.value);
    return line + "}";
  }
  if (format == LogFormat::kJournal) {
    line = words.journal;
  } else {
    line = FormatUtc(now) + " " + std::string(words.padded) + " ";
  }
  line += EscapeControls(component) + ": " + EscapeControls(message);
  for (const LogField& field : fields) line += " " + EscapeControls(field.key) + "=" + TextOf(field.value);
  return line;
}

std::optional<LogLevel> ParseLogLevel(std::string_view name) {
  const auto* found = std::ranges::find(kLevels, name, &LevelWords::name);
  if (found == std::end(kLevels)) return std::nullopt;
  return static_cast<LogLevel>(found - std::begin(kLevels));
}

}  // namespace cairn

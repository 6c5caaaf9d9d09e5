#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/event.h"

namespace cairn {

// Structured log lines: a level, a component, a message in plain words, and named fields.
//
//   Log(LogLevel::kInfo, "aggregator", "round committed", {{"round", 3}, {"sites", 4}});
//
// gives `2026-11-21T07:30:12.345Z info  aggregator: round committed round=3 sites=4` or one JSON object a
// line. Lines go to standard error, never to standard output, which belongs to results. Control characters
// are escaped. Never log parameters, updates, keys, rows or the names of patients' files.
// Thread-safe: each line is written whole.

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarning, kError, kOff };
enum class LogFormat : std::uint8_t { kText, kJson, kJournal };

struct LogField {
  using Value = std::variant<std::string, std::int64_t, double, bool>;
  std::string_view key;
  Value value;

  LogField(std::string_view k, std::string_view v) : key(k), value(std::string(v)) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string(v)) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <std::integral T>
  LogField(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
};

struct LogConfig {
  LogLevel level = LogLevel::kInfo;  // lines below it are dropped
  LogFormat format = LogFormat::kText;
  std::ostream* stream = nullptr;    // for tests; null means standard error
  const WallClock* clock = nullptr;  // null means the system's; must outlive the logging
};

// Where the lines of this process go; may be called again (SIGHUP). Before the first call: text,
// info and above, standard error.
void SetUpLogging(const LogConfig& config);
bool IsLogged(LogLevel level);
void Log(LogLevel level, std::string_view component, std::string_view message,
         std::initializer_list<LogField> fields = {});
void Log(LogLevel level, std::string_view component, std::string_view message,
         const std::vector<LogField>& fields);

std::optional<LogLevel> ParseLogLevel(std::string_view name);  // trace debug info warning error off
// kJournal when standard error is the journal's stream, as systemd says in JOURNAL_STREAM
// ("device:inode"): priorities instead of time stamps, since the journal keeps its own time.
LogFormat DetectLogFormat(const char* journal_stream, int stderr_fd);

// Events as log lines; the component is what stands before the first dot of the event's name.
class LogEventSink final : public EventSink {
 public:
  void Emit(const DomainEvent& event) override;
};

}  // namespace cairn

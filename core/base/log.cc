#include "core/base/log.h"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <atomic>
#include <mutex>

#include "core/base/log_line.h"

namespace cairn {
namespace {

// The library gives us sinks that write whole lines under a lock; the line itself is ours.
struct Logging {
  std::mutex mutex;  // guards what follows, but for level
  std::shared_ptr<spdlog::logger> logger;
  LogFormat format = LogFormat::kText;
  const WallClock* clock = nullptr;
  std::atomic<LogLevel> level = LogLevel::kInfo;
};

std::shared_ptr<spdlog::logger> NewLogger(std::ostream* stream) {
  spdlog::sink_ptr sink;
  if (stream == nullptr) {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  } else {
    sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(*stream, true);
  }
  auto logger = std::make_shared<spdlog::logger>("cairn", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  logger->set_error_handler([](const std::string&) {});  // a full disk or closed pipe must not stop a round
  return logger;
}

// Never destroyed: threads may log while the process ends.
Logging& State() {
  static Logging* logging = [] {
    auto* made = new Logging;
    made->logger = NewLogger(nullptr);
    return made;
  }();
  return *logging;
}

}  // namespace

void SetUpLogging(const LogConfig& config) {
  Logging& logging = State();
  auto logger = NewLogger(config.stream);
  const std::lock_guard lock(logging.mutex);
  logging.logger = std::move(logger);
  logging.format = config.format;
  logging.clock = config.clock;
  logging.level = config.level;
}

bool IsLogged(LogLevel level) { return level != LogLevel::kOff && level >= State().level.load(); }

void Log(LogLevel level, std::string_view component, std::string_view message,
         const std::vector<LogField>& fields) {
  if (!IsLogged(level)) return;
  Logging& logging = State();
  std::shared_ptr<spdlog::logger> logger;
  LogFormat format;
  const WallClock* clock;
  {
    const std::lock_guard lock(logging.mutex);
    logger = logging.logger;
    format = logging.format;
    clock = logging.clock;
  }
  const auto now = clock == nullptr ? SystemWallClock().Now() : clock->Now();
  const std::string line = FormatLogLine(format, now, level, component, message, fields);
  logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void Log(LogLevel level, std::string_view component, std::string_view message,
         std::initializer_list<LogField> fields) {
  if (IsLogged(level)) Log(level, component, message, std::vector<LogField>(fields));
}

LogFormat DetectLogFormat(const char* journal_stream, int stderr_fd) {
  struct stat info {};
  if (journal_stream == nullptr || fstat(stderr_fd, &info) != 0) return LogFormat::kText;
  const std::string mine = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  return mine == journal_stream ? LogFormat::kJournal : LogFormat::kText;
}

void LogEventSink::Emit(const DomainEvent& event) {
  static constexpr LogLevel kLevels[] = {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning,
                                         LogLevel::kError};
  const LogLevel level = kLevels[static_cast<std::size_t>(event.level)];
  if (!IsLogged(level)) return;
  const std::string_view name = event.name;
  const std::size_t dot = name.find('.');
  std::vector<LogField> fields;
  for (const auto& [key, value] : event.fields) {
    std::visit([&, &k = key](const auto& v) { fields.emplace_back(k, v); }, value);
  }
  Log(level, dot == std::string_view::npos ? std::string_view("cairn") : name.substr(0, dot),
      dot == std::string_view::npos ? name : name.substr(dot + 1), fields);
}

}  // namespace cairn

// RunCommandLine: from argv to an exit code.
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>

#include "cli/frame/command.h"
#include "cli/frame/help.h"
#include "cli/frame/parse.h"
#include "cli/frame/version.h"
#include "core/base/text.h"

namespace cairn {
namespace {

void SetUpLogs(const GlobalFlags& flags) {
  LogConfig config;
  config.level = flags.verbosity >= 2   ? LogLevel::kTrace
                 : flags.verbosity == 1 ? LogLevel::kDebug
                 : flags.quiet          ? LogLevel::kWarning
                                        : LogLevel::kInfo;
  config.format = flags.log_format.value_or(DetectLogFormat(std::getenv("JOURNAL_STREAM"), STDERR_FILENO));
  SetUpLogging(config);
}

Status Dispatch(const CommandSet& commands, const std::vector<std::string>& words, const ParsedLine& line,
                CommandOutput& out) {
  if (line.forwarded != nullptr) return line.forwarded->handler(out, words);
  if (line.wants_version) {
    out.PrintLine(commands.program() + " " + std::string(kVersion));
    out.Data(JsonObject().Add("version", kVersion));
    return {};
  }
  if (line.wants_help || line.command == nullptr) {
    const std::string help = HelpText(commands, line.help_path, out.terminal());
    out.Print(help);
    out.Data(JsonObject().Add("help", HelpText(commands, line.help_path, Terminal{})));
    return {};
  }
  return line.command->handler(out);
}

int RunOrThrow(const CommandSet& commands, const std::vector<std::string>& words) {
  ParsedLine line;
  const Status parsed = ParseCommandLine(commands, words, line);
  SetUpLogs(line.flags);
  CommandOutput out(line.command != nullptr     ? line.command->path
                    : line.forwarded != nullptr ? line.forwarded->word
                                                : line.help_path,
                    line.flags, std::cout, std::cerr, DetectTerminal(STDOUT_FILENO, line.flags.color),
                    DetectTerminal(STDERR_FILENO, line.flags.color));
  return out.Finish(parsed.ok() ? Dispatch(commands, words, line, out) : parsed);
}

}  // namespace

int RunCommandLine(const CommandSet& commands, int argc, const char* const* argv) {
  try {
    return RunOrThrow(commands, std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
  } catch (const std::exception& error) {
    std::cerr << FormatForHumans(Status(errors::kInternal, EscapeControls(error.what())));
  } catch (...) {
    std::cerr << FormatForHumans(Status(errors::kInternal, "an unknown exception reached the command line"));
  }
  return static_cast<int>(ExitCode::kBug);
}

}  // namespace cairn

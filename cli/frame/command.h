#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/frame/output.h"
#include "core/base/clock.h"
#include "core/base/status.h"

namespace cairn {

// Where a flag or argument puts its value: a field with its default in it, owned by the command.
using FlagTarget =
    std::variant<bool*, std::int64_t*, double*, std::string*, std::vector<std::string>*, Duration*>;

struct Flag {
  std::string name;   // "--rounds"
  std::string value;  // "N" as shown in help; empty for a switch
  std::string about;  // one line
  FlagTarget target;
  std::vector<std::string> choices = {};  // allowed values; empty: any
  bool required = false;
};

struct Argument {
  std::string name;  // "RUN"
  std::string about;
  FlagTarget target;  // std::string* or std::vector<std::string>*, the latter last
  bool required = true;
  std::vector<std::string> choices = {};
};

// One command of the table. Its file defines it like this:
//
//   void AddJobCommands(CommandSet& commands) {                 // cli/cairn/commands_job.cc
//     struct Options { std::string id; bool now = false; };
//     auto options = std::make_shared<Options>();
//     commands.Group("job", "Jobs of the federation");
//     commands.Add("job stop", "Stops a job after its open round")
//         .Takes({"ID", "job to stop", &options->id})
//         .Has({"--now", "", "abandon the open round", &options->now})
//         .Run([options](CommandOutput& out) -> Status {
//           …
//           out.Data(JsonObject().Add("id", options->id));     // for --format json
//           out.Print("stopped " + options->id + "\n");        // for people
//           out.Next("cairn job ls");
//           return {};
//         });
//   }
//
// and main.cc calls AddJobCommands once. Every command takes --format, --log-format, --color, -q, -v
// and --help without saying so; stdout is the result, stderr everything else (output.h). Returning a
// Status other than OK prints it and exits with its catalogue code.
class Command {
 public:
  using Handler = std::function<Status(CommandOutput&)>;
  using RawHandler = std::function<Status(CommandOutput&, std::vector<std::string> words)>;

  Command(std::string words, std::string about) : path(std::move(words)), summary(std::move(about)) {}

  Command& Takes(Argument argument) {
    arguments.push_back(std::move(argument));
    return *this;
  }
  Command& Has(Flag flag) {
    flags.push_back(std::move(flag));
    return *this;
  }
  Command& Example(std::string line) {
    examples.push_back(std::move(line));
    return *this;
  }
  void Run(Handler run) { handler = std::move(run); }

  std::string path;  // "runs show"
  std::string summary;
  std::vector<Flag> flags;
  std::vector<Argument> arguments;
  std::vector<std::string> examples;
  Handler handler;
};

// A first word whose rest another program parses: `cairn sim …` is the worker's.
struct ForwardedWord {
  std::string word, summary;
  std::vector<std::string> verbs;  // for completion and help
  Command::RawHandler handler;     // gets every word of the command line after the program's name
};

// The table of commands of one program. References returned by Add stay valid.
class CommandSet {
 public:
  CommandSet(std::string program, std::string summary)
      : program_(std::move(program)), summary_(std::move(summary)) {}

  void Group(std::string word, std::string summary) {
    groups_.push_back({std::move(word), std::move(summary)});
  }
  Command& Add(std::string path, std::string summary) {
    return commands_.emplace_back(std::move(path), std::move(summary));
  }
  void Forward(ForwardedWord forwarded) { forwarded_.push_back(std::move(forwarded)); }

  struct GroupEntry {
    std::string word, summary;
  };
  const std::string& program() const { return program_; }
  const std::string& summary() const { return summary_; }
  const std::deque<Command>& commands() const { return commands_; }
  const std::vector<GroupEntry>& groups() const { return groups_; }
  const std::vector<ForwardedWord>& forwarded() const { return forwarded_; }

  const Command* Find(std::string_view path) const;
  const GroupEntry* FindGroup(std::string_view word) const;
  const ForwardedWord* FindForwarded(std::string_view word) const;
  std::vector<std::string> WordsAfter(
      std::string_view prefix) const;  // words that may follow; sorted, unique

 private:
  std::string program_, summary_;
  std::deque<Command> commands_;
  std::vector<GroupEntry> groups_;
  std::vector<ForwardedWord> forwarded_;
};

// Parses, runs, prints; the exit code of main. Never throws.
int RunCommandLine(const CommandSet& commands, int argc, const char* const* argv);

}  // namespace cairn

#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_writer.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "core/base/terminal.h"

namespace cairn {

enum class OutputFormat : std::uint8_t { kText, kJson, kJsonl };

// The flags every command takes.
struct GlobalFlags {
  OutputFormat format = OutputFormat::kText;
  std::optional<LogFormat> log_format;  // unset: text, or the journal's where stderr is the journal
  ColorChoice color = ColorChoice::kAuto;
  bool quiet = false;  // -q: results and errors only
  int verbosity = 0;   // -v: debug, -vv: trace
};

// What a command says. Standard output carries the result and nothing else; standard error carries
// notes, progress and errors. With --format json exactly one object reaches standard output:
//   {"schema_version":1,"command":"runs ls","status":"ok","data":{…},"next":[…]}
// and with jsonl one such object a line. One thread.
class CommandOutput {
 public:
  // The streams must outlive this object.
  CommandOutput(std::string command, const GlobalFlags& flags, std::ostream& out, std::ostream& err,
                Terminal out_terminal, Terminal err_terminal);

  OutputFormat format() const { return flags_.format; }
  bool is_text() const { return flags_.format == OutputFormat::kText; }
  const GlobalFlags& flags() const { return flags_; }
  const Terminal& terminal() const { return out_terminal_; }       // of standard output
  const Terminal& note_terminal() const { return err_terminal_; }  // of standard error
  std::ostream& notes() { return err_; }

  void Print(std::string_view text);  // the result for people; nothing in JSON formats
  void PrintLine(std::string_view text);
  void Data(const JsonObject& data);              // the result for programs: one object, last call wins
  void Item(const JsonObject& data);              // jsonl: an object of its own, at once; else nothing
  void Note(std::string_view text);               // one line to stderr; -q hides it
  void Warn(std::string_view text);               // likewise, marked with "!"; -q does not hide it
  void Next(std::string command);                 // a command that makes sense now
  void ExitWith(ExitCode code) { exit_ = code; }  // for a result that is bad without being an error

  // Prints what is still to be printed, and the error if there is one. The exit code.
  int Finish(const Status& status);

 private:
  std::string Envelope(const Status& status, const std::string& data) const;

  std::string command_;
  GlobalFlags flags_;
  std::ostream& out_;
  std::ostream& err_;
  Terminal out_terminal_, err_terminal_;
  std::string data_ = "{}";
  bool has_items_ = false;
  std::vector<std::string> next_;
  ExitCode exit_ = ExitCode::kOk;
};

// The error member of the envelope.
JsonObject ErrorToJson(const Status& status);

}  // namespace cairn

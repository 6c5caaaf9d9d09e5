#pragma once

#include <string>
#include <vector>

#include "cli/frame/command.h"
#include "core/base/result.h"

namespace cairn {

// What a command line asks for.
struct ParsedLine {
  GlobalFlags flags;
  const Command* command = nullptr;          // null: help of help_path
  const ForwardedWord* forwarded = nullptr;  // set instead of command
  bool wants_help = false;
  bool wants_version = false;
  std::string help_path;  // "", "runs" or "runs show"
};

// Finds the command and fills the fields its flags point to. Global flags may stand anywhere.
// Errors: CAIRN-1002 for an unknown word, CAIRN-1003 for an unknown flag, each with the nearest
// known one; CAIRN-1001 for a wrong or missing value. `flags` is filled as far as possible even
// then, so that the error can be printed the way it was asked for.
Status ParseCommandLine(const CommandSet& commands, const std::vector<std::string>& words, ParsedLine& line);

// The flags every command takes, as help and completion show them.
struct GlobalFlagEntry {
  std::string_view name, value, about;
};
extern const GlobalFlagEntry kGlobalFlags[6];

}  // namespace cairn

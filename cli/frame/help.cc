#include "cli/frame/help.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/frame/parse.h"

namespace cairn {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

std::string Table(const Rows& rows) {
  std::size_t widest = 0;
  for (const auto& [left, right] : rows) widest = std::max(widest, left.size());
  std::string text;
  for (const auto& [left, right] : rows) {
    text += "  " + left + std::string(widest + 2 - left.size(), ' ') + right + "\n";
  }
  return text;
}

void Section(const std::string& title, const Rows& rows, const Terminal& terminal, std::string& text) {
  if (!rows.empty()) text += "\n" + terminal.Bold(title) + "\n" + Table(rows);
}

Rows GlobalRows() {
  Rows rows;
  for (const GlobalFlagEntry& flag : kGlobalFlags) {
    std::string left(flag.name);
    if (const std::size_t comma = left.find(','); comma != std::string::npos) left.insert(comma + 1, " ");
    if (!flag.value.empty()) left += " " + std::string(flag.value);
    rows.emplace_back(left, flag.about);
  }
  return rows;
}

std::string CommandHelp(const CommandSet& commands, const Command& command, const Terminal& terminal) {
  std::string usage = commands.program() + " " + command.path;
  Rows arguments, flags;
  for (const Argument& argument : command.arguments) {
    const bool many = std::holds_alternative<std::vector<std::string>*>(argument.target);
    const std::string shown = argument.name + (many ? "…" : "");
    usage += " " + (argument.required ? shown : "[" + shown + "]");
    arguments.emplace_back(argument.name, argument.about);
  }
  for (const Flag& flag : command.flags) {
    std::string value = flag.value;
    if (value.empty() && !flag.choices.empty()) {
      for (const std::string& choice : flag.choices) value += (value.empty() ? "" : "|") + choice;
    }
    flags.emplace_back(flag.name + (value.empty() ? "" : " " + value),
                       flag.about + (flag.required ? " (required)" : ""));
  }
  std::string text = command.summary + "\n\n" + terminal.Bold("Usage") + "\n  " + usage + " [flags]\n";
  Section("Arguments", arguments, terminal, text);
  Section("Flags", flags, terminal, text);
  Section("Flags of every command", GlobalRows(), terminal, text);
  if (!command.examples.empty()) {
    text += "\n" + terminal.Bold("Examples") + "\n";
    for (const std::string& example : command.examples) text += "  " + example + "\n";
  }
  return text;
}

// The commands below a word, with the words that lead to them.
Rows CommandRows(const CommandSet& commands, std::string_view word) {
  Rows rows;
  for (const Command& command : commands.commands()) {
    if (command.path == word || command.path.starts_with(std::string(word) + " ")) {
      std::string left = command.path;
      for (const Argument& argument : command.arguments) {
        left += " " + (argument.required ? argument.name : "[" + argument.name + "]");
      }
      rows.emplace_back(left, command.summary);
    }
  }
  return rows;
}

std::string OverallHelp(const CommandSet& commands, const Terminal& terminal) {
  std::string text = commands.summary() + "\n\n" + terminal.Bold("Usage") + "\n  " + commands.program() +
                     " COMMAND [arguments] [flags]\n";
  Rows alone, groups;
  for (const std::string& word : commands.WordsAfter("")) {
    if (const Command* command = commands.Find(word)) {
      alone.emplace_back(word, command->summary);
    } else if (const ForwardedWord* forwarded = commands.FindForwarded(word)) {
      groups.emplace_back(word, forwarded->summary);
    } else {
      const CommandSet::GroupEntry* group = commands.FindGroup(word);
      groups.emplace_back(word, group == nullptr ? "" : group->summary);
    }
  }
  Section("Commands by noun", groups, terminal, text);
  Section("Commands", alone, terminal, text);
  Section("Flags of every command", GlobalRows(), terminal, text);
  return text + "\nErrors carry an id: " + commands.program() + " explain CAIRN-1102 says more.\n";
}

}  // namespace

std::string HelpText(const CommandSet& commands, std::string_view path, const Terminal& terminal) {
  if (const Command* command = commands.Find(path)) return CommandHelp(commands, *command, terminal);
  if (path.empty()) return OverallHelp(commands, terminal);
  const CommandSet::GroupEntry* group = commands.FindGroup(path);
  std::string text = (group == nullptr ? std::string(path) : group->summary) + "\n";
  Section("Commands", CommandRows(commands, path), terminal, text);
  return text + "\n" + commands.program() + " " + std::string(path) + " WORD --help says more.\n";
}

}  // namespace cairn

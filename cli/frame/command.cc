#include "cli/frame/command.h"

#include <algorithm>
#include <set>

namespace cairn {

const Command* CommandSet::Find(std::string_view path) const {
  const auto it = std::ranges::find(commands_, path, &Command::path);
  return it == commands_.end() ? nullptr : &*it;
}
const CommandSet::GroupEntry* CommandSet::FindGroup(std::string_view word) const {
  const auto it = std::ranges::find(groups_, word, &GroupEntry::word);
  return it == groups_.end() ? nullptr : &*it;
}
const ForwardedWord* CommandSet::FindForwarded(std::string_view word) const {
  const auto it = std::ranges::find(forwarded_, word, &ForwardedWord::word);
  return it == forwarded_.end() ? nullptr : &*it;
}

std::vector<std::string> CommandSet::WordsAfter(std::string_view prefix) const {
  std::set<std::string> words;
  const std::string start = prefix.empty() ? std::string() : std::string(prefix) + " ";
  for (const Command& command : commands_) {
    if (!command.path.starts_with(start)) continue;
    const std::string rest = command.path.substr(start.size());
    if (!rest.empty()) words.insert(rest.substr(0, rest.find(' ')));
  }
  for (const ForwardedWord& forwarded : forwarded_) {
    if (prefix.empty()) words.insert(forwarded.word);
    if (prefix == forwarded.word) words.insert(forwarded.verbs.begin(), forwarded.verbs.end());
  }
  return {words.begin(), words.end()};
}

}  // namespace cairn

#include "cli/frame/completion.h"

#include <set>
#include <utility>
#include <vector>

#include "cli/frame/parse.h"

namespace cairn {
namespace {

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> FlagWords(const Command* command) {
  std::vector<std::string> words;
  const auto add = [&](std::string_view name) { words.emplace_back(name.substr(name.rfind(',') + 1)); };
  if (command != nullptr) {
    for (const Flag& flag : command->flags) add(flag.name);
  }
  for (const GlobalFlagEntry& flag : kGlobalFlags) add(flag.name);
  return words;
}

// Every path that may be completed further, with what may follow it.
std::vector<std::pair<std::string, std::string>> Cases(const CommandSet& commands) {
  std::set<std::string> paths = {""};
  for (const Command& command : commands.commands()) {
    for (std::size_t at = command.path.find(' '); at != std::string::npos;
         at = command.path.find(' ', at + 1)) {
      paths.insert(command.path.substr(0, at));
    }
    paths.insert(command.path);
  }
  for (const ForwardedWord& forwarded : commands.forwarded()) paths.insert(forwarded.word);
  std::vector<std::pair<std::string, std::string>> cases;
  for (const std::string& path : paths) {
    std::vector<std::string> words = commands.WordsAfter(path);
    const Command* command = commands.Find(path);
    if (command != nullptr) {
      for (const Argument& argument : command->arguments) {
        words.insert(words.end(), argument.choices.begin(), argument.choices.end());
      }
    }
    if (commands.FindForwarded(path) == nullptr) {
      const std::vector<std::string> flags = FlagWords(command);
      words.insert(words.end(), flags.begin(), flags.end());
    }
    cases.emplace_back(path, Joined(words));
  }
  return cases;
}

// A function of bash that zsh runs too, through its own emulation of bash completion.
std::string BashScript(const CommandSet& commands) {
  const std::string& name = commands.program();
  std::string text = "_" + name +
                     "_complete() {\n"
                     "  local word path=\"\" i\n"
                     "  COMPREPLY=()\n"
                     "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                     "    word=\"${COMP_WORDS[i]}\"\n"
                     "    case \"$word\" in -*) continue ;; esac\n"
                     "    case \" $(_" +
                     name +
                     "_words \"$path\") \" in\n"
                     "      *\" $word \"*) path=\"${path:+$path }$word\" ;;\n"
                     "    esac\n"
                     "  done\n"
                     "  COMPREPLY=($(compgen -W \"$(_" +
                     name +
                     "_words \"$path\")\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
                     "}\n"
                     "_" +
                     name +
                     "_words() {\n"
                     "  case \"$1\" in\n";
  for (const auto& [path, words] : Cases(commands))
    text += "    \"" + path + "\") echo \"" + words + "\" ;;\n";
  return text + "  esac\n}\ncomplete -o default -F _" + name + "_complete " + name + "\n";
}

std::string FishScript(const CommandSet& commands) {
  const std::string& name = commands.program();
  std::string text = "function __" + name +
                     "_words\n"
                     "  set -l path\n"
                     "  for word in (commandline -opc)[2..-1]\n"
                     "    string match -q -- '-*' $word; and continue\n"
                     "    if contains -- $word (string split ' ' -- (__" +
                     name +
                     "_table \"$path\"))\n"
                     "      set path (string trim \"$path $word\")\n"
                     "    end\n"
                     "  end\n"
                     "  string split ' ' -- (__" +
                     name +
                     "_table \"$path\")\n"
                     "end\n"
                     "function __" +
                     name +
                     "_table\n"
                     "  switch \"$argv[1]\"\n";
  for (const auto& [path, words] : Cases(commands))
    text += "    case '" + path + "'\n      echo '" + words + "'\n";
  return text + "  end\nend\ncomplete -c " + name + " -a '(__" + name + "_words)'\n";
}

}  // namespace

std::string CompletionScript(const CommandSet& commands, std::string_view shell) {
  if (shell == "fish") return FishScript(commands);
  const std::string bash = BashScript(commands);
  if (shell == "zsh") {
    return "#compdef " + commands.program() + "\nautoload -Uz bashcompinit && bashcompinit\n" + bash;
  }
  return bash;
}

}  // namespace cairn

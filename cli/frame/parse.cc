#include "cli/frame/parse.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <list>

#include "core/base/edit_distance.h"
#include "core/base/text.h"

namespace cairn {

const GlobalFlagEntry kGlobalFlags[6] = {
    {"--format", "text|json|jsonl", "form of the result on standard output"},
    {"--log-format", "text|json", "form of log lines on standard error"},
    {"--color", "auto|always|never", "colour; NO_COLOR and TERM=dumb are obeyed"},
    {"-q,--quiet", "", "results and errors only"},
    {"-v,--verbose", "", "more detail; -vv for all"},
    {"-h,--help", "", "help of a command"},
};

namespace {

bool TakesValue(std::string_view flag) {
  return flag == "--format" || flag == "--log-format" || flag == "--color";
}

std::string DidYouMean(const std::string& nearest, const std::string& otherwise) {
  return nearest.empty() ? otherwise : "did you mean `" + nearest + "`?";
}

Status UnknownWord(const CommandSet& commands, const std::string& path, const std::string& word) {
  const std::string whole = commands.program() + " " + (path.empty() ? "" : path + " ");
  const std::string nearest = NearestWord(word, commands.WordsAfter(path));
  return Status(errors::kUnknownCommand, "no command '" + EscapeControls(whole + word) + "'")
      .Mend(DidYouMean(nearest.empty() ? "" : whole + nearest, "see `" + whole + "--help`"));
}

// Follows the words through the table; what is left over goes to `rest`.
Status FindCommand(const CommandSet& commands, const std::vector<std::string>& words, ParsedLine& line,
                   std::vector<std::string>& rest) {
  std::string path;
  Status unknown;  // the flags behind an unknown word still say how the error is printed
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (line.command != nullptr || word.starts_with("-")) {
      rest.push_back(word);
      if (line.command == nullptr && TakesValue(word) && i + 1 < words.size()) rest.push_back(words[++i]);
      continue;
    }
    if (!unknown.ok()) continue;
    if (path.empty() && word == "help") {
      line.wants_help = true;
      continue;
    }
    if (path.empty() && commands.FindForwarded(word) != nullptr) {
      line.forwarded = commands.FindForwarded(word);
      return {};
    }
    const std::string longer = path.empty() ? word : path + " " + word;
    if (commands.Find(longer) == nullptr && commands.WordsAfter(longer).empty()) {
      unknown = UnknownWord(commands, path, word);
      continue;
    }
    path = longer;
    line.command = commands.Find(path);
  }
  line.help_path = path;
  return unknown;
}

// The parser library sees every value as text; turning text into values, with our words, is ours.
class Parser {
 public:
  Parser(const Command* command, ParsedLine& line) : command_(command), line_(line) {
    app_.set_help_flag();
    app_.allow_extras();
    app_.add_option("--format", format_);
    app_.add_option("--log-format", log_format_);
    app_.add_option("--color", color_);
    app_.add_flag("-q,--quiet", line.flags.quiet);
    app_.add_flag("-v,--verbose", line.flags.verbosity);
    app_.add_flag("-h,--help", line.wants_help);
    if (command == nullptr) app_.add_flag("-V,--version", line.wants_version);
    if (command != nullptr) Declare();
  }

  Status Parse(std::vector<std::string> words) {
    std::ranges::reverse(words);  // the library takes the last word first
    Status parsed;
    try {
      app_.parse(words);
    } catch (const CLI::Error& error) {
      parsed = Usage(EscapeControls(error.what()));
    }
    CAIRN_RETURN_IF_ERROR(TakeGlobals());  // first: they say how an error is printed
    CAIRN_RETURN_IF_ERROR(parsed);
    if (line_.wants_help) return {};
    for (const std::string& extra : app_.remaining()) {
      if (extra.starts_with("-") && extra != "-") return UnknownFlag(extra);
    }
    return command_ == nullptr ? Status() : TakeValues();
  }

 private:
  struct Slot {
    std::string name;
    const FlagTarget* target;
    const std::vector<std::string>* choices;
    bool required;
    std::vector<std::string> raw;
    std::size_t count = 0;
  };

  void Declare() {
    for (const Flag& flag : command_->flags) {
      Slot& slot = slots_.emplace_back(Slot{flag.name, &flag.target, &flag.choices, flag.required, {}});
      if (std::holds_alternative<bool*>(flag.target)) {
        app_.add_flag(flag.name, slot.count);
      } else {
        app_.add_option(flag.name, slot.raw)->allow_extra_args(false)->take_all();
      }
    }
    for (const Argument& argument : command_->arguments) {
      arguments_.push_back(Slot{argument.name, &argument.target, &argument.choices, argument.required, {}});
    }
  }

  Status TakeGlobals() {
    static const std::vector<std::string> kFormats = {"text", "json", "jsonl"}, kLogs = {"text", "json"},
                                          kColors = {"auto", "always", "never"};
    std::size_t index = 0;
    CAIRN_RETURN_IF_ERROR(Choose("--format", format_, kFormats, index));
    line_.flags.format = static_cast<OutputFormat>(index);
    CAIRN_RETURN_IF_ERROR(Choose("--log-format", log_format_, kLogs, index));
    if (!log_format_.empty()) line_.flags.log_format = static_cast<LogFormat>(index);
    CAIRN_RETURN_IF_ERROR(Choose("--color", color_, kColors, index));
    line_.flags.color = static_cast<ColorChoice>(index);
    return {};
  }

  static Status Choose(const std::string& flag, const std::string& text,
                       const std::vector<std::string>& choices, std::size_t& index) {
    index = 0;
    if (text.empty()) return {};
    const auto it = std::ranges::find(choices, text);
    if (it == choices.end()) return NotAChoice(flag, text, choices);
    index = static_cast<std::size_t>(it - choices.begin());
    return {};
  }

  static Status NotAChoice(const std::string& name, const std::string& text,
                           const std::vector<std::string>& choices) {
    std::string list;
    for (const std::string& choice : choices) list += (list.empty() ? "" : ", ") + choice;
    return Status(errors::kUsage, name + " " + EscapeControls(text) + ": expected one of " + list)
        .Mend(DidYouMean(NearestWord(text, choices), "use one of: " + list));
  }

  Status TakeValues() {
    std::vector<std::string> extra = app_.remaining();
    std::erase(extra, "--");
    auto next = extra.begin();
    for (Slot& argument : arguments_) {
      const bool takes_all = std::holds_alternative<std::vector<std::string>*>(*argument.target);
      const auto end = takes_all ? extra.end() : next + (next != extra.end() ? 1 : 0);
      argument.raw.assign(next, end);
      next = end;
      if (argument.required && argument.raw.empty()) return Usage(argument.name + " is missing");
    }
    if (next != extra.end()) return Usage("unexpected word '" + EscapeControls(*next) + "'");
    for (auto* group : {&arguments_, &slots_}) {
      for (Slot& slot : *group) CAIRN_RETURN_IF_ERROR(Store(slot));
    }
    return {};
  }

  Status Store(const Slot& slot) const {
    if (auto* const* flag = std::get_if<bool*>(slot.target)) {
      if (slot.count > 0) **flag = true;
      return {};
    }
    if (slot.raw.empty()) return slot.required ? Usage(slot.name + " is missing") : Status();
    for (const std::string& text : slot.raw) {
      if (!slot.choices->empty() && std::ranges::find(*slot.choices, text) == slot.choices->end()) {
        return NotAChoice(slot.name, text, *slot.choices);
      }
    }
    const std::string& text = slot.raw.back();
    const auto wrong = [&](const char* expected) {
      return Usage(slot.name + " " + EscapeControls(text) + ": expected " + expected);
    };
    const char* const end = text.data() + text.size();
    if (auto* const* list = std::get_if<std::vector<std::string>*>(slot.target)) {
      **list = slot.raw;
    } else if (slot.raw.size() > 1) {
      return Usage(slot.name + " is given " + std::to_string(slot.raw.size()) + " times");
    } else if (auto* const* string = std::get_if<std::string*>(slot.target)) {
      **string = text;
    } else if (auto* const* integer = std::get_if<std::int64_t*>(slot.target)) {
      const auto [at, error] = std::from_chars(text.data(), end, **integer);
      if (error != std::errc() || at != end) return wrong("an integer");
    } else if (auto* const* number = std::get_if<double*>(slot.target)) {
      const auto [at, error] = std::from_chars(text.data(), end, **number);
      if (error != std::errc() || at != end) return wrong("a number");
    } else if (auto* const* duration = std::get_if<Duration*>(slot.target)) {
      const std::optional<Duration> parsed = ParseDuration(text);
      if (!parsed) return wrong("a duration such as 60s, 15m or 72h");
      **duration = *parsed;
    }
    return {};
  }

  Status Usage(const std::string& what) const {
    const std::string help =
        "cairn" + (command_ == nullptr ? std::string() : " " + command_->path) + " --help";
    return Status(errors::kUsage, what).Mend("see `" + help + "`");
  }

  Status UnknownFlag(const std::string& text) const {
    const std::string flag = text.substr(0, text.find('='));
    std::vector<std::string> known = {"--format", "--log-format", "--color",
                                      "--quiet",  "--verbose",    "--help"};
    for (const Slot& slot : slots_) known.push_back(slot.name.substr(slot.name.rfind(',') + 1));
    const std::string where = command_ == nullptr ? "" : "`" + command_->path + "` has ";
    return Status(errors::kUnknownFlag, where + "no flag '" + EscapeControls(flag) + "'")
        .Mend(DidYouMean(
            NearestWord(flag, known),
            "see `cairn " + (command_ == nullptr ? std::string() : command_->path + " ") + "--help`"));
  }

  const Command* command_;
  ParsedLine& line_;
  CLI::App app_;
  std::string format_, log_format_, color_;
  std::list<Slot> slots_, arguments_;  // the library keeps references into slots_
};

}  // namespace

Status ParseCommandLine(const CommandSet& commands, const std::vector<std::string>& words, ParsedLine& line) {
  std::vector<std::string> rest;
  const Status found = FindCommand(commands, words, line, rest);
  if (line.forwarded != nullptr) return {};
  Parser parser(line.command, line);
  const Status parsed = parser.Parse(std::move(rest));
  CAIRN_RETURN_IF_ERROR(found);
  CAIRN_RETURN_IF_ERROR(parsed);
  if (line.command != nullptr || line.wants_help || line.wants_version) return {};
  if (line.help_path.empty()) {
    line.wants_help = true;
    return {};
  }
  return Status(errors::kUnknownCommand, "`" + line.help_path + "` needs one more word")
      .Mend("see `" + commands.program() + " " + line.help_path + " --help`");
}

}  // namespace cairn

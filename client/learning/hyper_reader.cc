#include "client/learning/hyper_reader.h"

#include <algorithm>

#include "core/base/edit_distance.h"

namespace cairn {
namespace {

std::string Show(const HyperValue& value) {
  struct Visitor {
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return std::to_string(v); }
    std::string operator()(const std::string& v) const { return "\"" + v.substr(0, 40) + "\""; }
    std::string operator()(const std::vector<std::int64_t>& v) const {
      return "a list of " + std::to_string(v.size()) + " integers";
    }
  };
  return std::visit(Visitor{}, value);
}

std::string Join(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

}  // namespace

const HyperValue* HyperReader::Find(const std::string& name) {
  known_.push_back(name);
  const auto it = model_.hyper.find(name);
  return it == model_.hyper.end() ? nullptr : &it->second;
}

void HyperReader::Fail(const std::string& name, const std::string& expected) {
  if (!first_error_.ok()) return;
  const auto it = model_.hyper.find(name);
  const std::string got = it == model_.hyper.end() ? "missing" : Show(it->second);
  first_error_ = Status(errors::kModelConfig, "model.hyper." + name + " of \"" + model_.arch + "\" is " +
                                                  got + ", expected " + expected);
}

std::int64_t HyperReader::Integer(const std::string& name, IntegerRange range) {
  const HyperValue* value = Find(name);
  const std::int64_t fallback = range.standard == kRequired ? range.min : range.standard;
  if (value == nullptr && range.standard != kRequired) return range.standard;
  const auto* number = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
  if (number != nullptr && *number >= range.min && *number <= range.max) return *number;
  Fail(name, "an integer in [" + std::to_string(range.min) + ", " + std::to_string(range.max) + "]");
  return fallback;
}

double HyperReader::Fraction(const std::string& name, double standard) {
  const HyperValue* value = Find(name);
  if (value == nullptr) return standard;
  const auto* number = std::get_if<double>(value);
  const auto* integer = std::get_if<std::int64_t>(value);
  if (number != nullptr && *number >= 0 && *number < 1) return *number;
  if (integer != nullptr && *integer == 0) return 0;
  Fail(name, "a number in [0, 1)");
  return standard;
}

std::string HyperReader::Word(const std::string& name, const std::string& standard,
                              const std::vector<std::string>& choices) {
  const HyperValue* value = Find(name);
  if (value == nullptr) return standard;
  const auto* word = std::get_if<std::string>(value);
  if (word != nullptr && std::find(choices.begin(), choices.end(), *word) != choices.end()) return *word;
  Fail(name, "one of " + Join(choices));
  return standard;
}

std::vector<std::int64_t> HyperReader::Sizes(const std::string& name, std::vector<std::int64_t> standard,
                                             std::size_t min_items, std::size_t max_items, std::int64_t max) {
  const HyperValue* value = Find(name);
  if (value == nullptr) return standard;
  const auto* list = std::get_if<std::vector<std::int64_t>>(value);
  const bool fits =
      list != nullptr && list->size() >= min_items && list->size() <= max_items &&
      std::all_of(list->begin(), list->end(), [&](std::int64_t n) { return n >= 1 && n <= max; });
  if (fits) return *list;
  Fail(name, std::to_string(min_items) + " to " + std::to_string(max_items) + " integers in [1, " +
                 std::to_string(max) + "]");
  return standard;
}

Status HyperReader::Finish() {
  for (const auto& [name, value] : model_.hyper) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    const std::string near = NearestWord(name, known_);
    return Status(errors::kModelConfig, "model.hyper." + name.substr(0, 60) + ": \"" + model_.arch +
                                            "\" has no such hyper-parameter" +
                                            (near.empty() ? "" : "; did you mean \"" + near + "\"?"))
        .Mend("use one of " + Join(known_));
  }
  return first_error_;
}

}  // namespace cairn

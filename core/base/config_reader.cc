#include "core/base/config_reader.h"

#include <cmath>

#include "core/base/config_reading.h"
#include "core/base/text.h"

namespace cairn {
namespace {

using Kind = ConfigValue::Kind;

constexpr std::size_t kLongestShown = 60;  // of a value, in an error

std::string Shown(const ConfigValue& value) {
  std::string text = ToTomlInline(value);
  if (text.size() > kLongestShown) text = text.substr(0, kLongestShown) + "…";
  return EscapeControls(text);
}

std::string Plain(double number) {
  return number == std::floor(number) && std::abs(number) < 1e15
             ? std::to_string(static_cast<std::int64_t>(number))
             : FormatDouble(number);
}

std::string RangeText(const ConfigRule& rule) {
  const bool low = std::isfinite(rule.min), high = std::isfinite(rule.max);
  const std::string from = (rule.above_min ? "above " : "at least ") + Plain(rule.min);
  const std::string to = "at most " + Plain(rule.max);
  return low && high ? from + " and " + to : low ? from : to;
}

// The kind that a flag or variable carries may be narrower than meant: 123 where a string is wanted.
bool WasTyped(const ConfigValue& value) { return value.origin.layer >= ConfigLayer::kEnvironment; }

}  // namespace

ConfigReader::ConfigReader(const ConfigDocument& document)
    : reading_(std::make_shared<Reading>(document.root())), table_(&document.root()) {
  reading_->opened.insert("");
}
ConfigReader::ConfigReader(std::shared_ptr<Reading> reading, const ConfigValue* table,
                           std::vector<Step> steps)
    : reading_(std::move(reading)), table_(table), steps_(std::move(steps)) {
  reading_->opened.insert(TablePath());
}

bool ConfigReader::Has(std::string_view key) const { return table_->Find(key) != nullptr; }

std::optional<Kind> ConfigReader::KindOf(std::string_view key) const {
  const ConfigMember* member = table_->Find(key);
  return member == nullptr ? std::nullopt : std::optional(member->value.kind);
}

std::vector<std::string> ConfigReader::Keys() const {
  if (reading_->describing) return {"*"};
  std::vector<std::string> names;
  for (const ConfigMember& member : table_->members) names.push_back(member.key);
  return names;
}

std::string ConfigReader::TablePath() const {
  std::string path;
  for (const Step& step : steps_) {
    path += (path.empty() ? "" : ".") + (step.key == "*" ? step.key : ToTomlKey(step.key));
    if (step.index >= 0) path += "[" + std::to_string(step.index) + "]";
  }
  return path;
}

std::string ConfigReader::PathOf(std::string_view key) const {
  const std::string table = TablePath(), name = key == "*" ? "*" : ToTomlKey(key);
  return table.empty() ? name : table + "." + name;
}

void ConfigReader::SetDescribing() { reading_->describing = true; }
void ConfigReader::Require(std::string_view key) { reading_->required.insert(PathOf(key)); }

void ConfigReader::Unset(std::string_view key, std::string_view type, ConfigRule rule) {
  reading_->Know(TablePath(), key);
  const std::string path = PathOf(key);
  reading_->keys[path] = {path,      std::string(type),     false,          "",
                          "default", ConfigLayer::kDefault, std::move(rule)};
}

const ConfigValue* ConfigReader::Ask(std::string_view key, std::string_view type, const ConfigRule& rule,
                                     ConfigValue fallback) {
  Unset(key, type, rule);
  const std::string path = PathOf(key);
  ConfigKey& record = reading_->keys[path];
  record.required = reading_->required.contains(path);
  if (const ConfigMember* member = table_->Find(key)) {
    record.origin = member->value.origin.ToString();
    record.layer = member->value.origin.layer;
    return &member->value;
  }
  if (!record.required) {
    Settle(key, std::move(fallback));
  } else if (!reading_->describing) {
    const std::string where = table_->origin.source.empty() ? "" : table_->origin.source + ": ";
    const std::string about = rule.about.empty() ? "" : " (" + std::string(rule.about) + ")";
    reading_->Complain(table_->origin,
                       Status(errors::kConfigMissing, where + "'" + path + "' is missing" + about)
                           .Mend("add " + path + " = …, " + std::string(type)));
  }
  return nullptr;
}

void ConfigReader::Settle(std::string_view key, ConfigValue resolved) {
  reading_->keys[PathOf(key)].value = ToTomlInline(resolved);
  reading_->ResolvedAt(steps_).Set(key, std::move(resolved));
}

void ConfigReader::Wrong(const ConfigValue& value, std::string_view key, const std::string& expected) {
  reading_->Complain(value.origin,
                     Status(errors::kConfigValue, value.origin.ToString() + ": " + PathOf(key) + " is " +
                                                      Shown(value) + "; expected " + expected));
}

bool ConfigReader::CheckNumber(const ConfigValue& value, std::string_view key, double number,
                               const ConfigRule& rule) {
  const bool low = rule.above_min ? number > rule.min : number >= rule.min;
  if (std::isfinite(number) && low && number <= rule.max) return true;
  Wrong(value, key, std::isfinite(number) ? RangeText(rule) : "a finite number");
  return false;
}

bool ConfigReader::CheckChoice(const ConfigValue& value, std::string_view key, const std::string& text,
                               const ConfigRule& rule) {
  if (rule.choices.empty() || std::ranges::find(rule.choices, text) != rule.choices.end()) return true;
  std::string list;
  for (const std::string_view choice : rule.choices)
    list += (list.empty() ? "\"" : ", \"") + std::string(choice) + "\"";
  Wrong(value, key, (rule.choices.size() > 1 ? "one of " : "") + list);
  return false;
}

void ConfigReader::Optional(std::string_view key, std::string* out, ConfigRule rule) {
  const ConfigValue* value = Ask(key, "string", rule, ConfigValue::String(*out));
  if (value == nullptr) return;
  const bool scalar = value->kind != Kind::kArray && value->kind != Kind::kTable;
  if (value->kind != Kind::kString && !(scalar && WasTyped(*value))) return Wrong(*value, key, "a string");
  if (!CheckChoice(*value, key, value->text, rule)) return;
  *out = value->text;
  Settle(key, ConfigValue::String(*out));
}

void ConfigReader::Optional(std::string_view key, std::int64_t* out, ConfigRule rule) {
  const ConfigValue* value = Ask(key, "integer", rule, ConfigValue::Integer(*out));
  if (value == nullptr) return;
  if (value->kind != Kind::kInteger) return Wrong(*value, key, "an integer");
  if (!CheckNumber(*value, key, static_cast<double>(value->integer), rule)) return;
  *out = value->integer;
  Settle(key, ConfigValue::Integer(*out));
}

void ConfigReader::Optional(std::string_view key, double* out, ConfigRule rule) {
  const ConfigValue* value = Ask(key, "number", rule, ConfigValue::Double(*out));
  if (value == nullptr) return;
  if (value->kind != Kind::kInteger && value->kind != Kind::kDouble) return Wrong(*value, key, "a number");
  const double number = value->kind == Kind::kDouble ? value->number : static_cast<double>(value->integer);
  if (!CheckNumber(*value, key, number, rule)) return;
  *out = number;
  Settle(key, ConfigValue::Double(number));
}

void ConfigReader::Optional(std::string_view key, bool* out, ConfigRule rule) {
  const ConfigValue* value = Ask(key, "boolean", rule, ConfigValue::Bool(*out));
  if (value == nullptr) return;
  if (value->kind != Kind::kBool) return Wrong(*value, key, "true or false");
  *out = value->flag;
  Settle(key, ConfigValue::Bool(*out));
}

void ConfigReader::Optional(std::string_view key, Duration* out, ConfigRule rule) {
  const ConfigValue* value = Ask(key, "duration", rule, ConfigValue::String(FormatDuration(*out)));
  if (value == nullptr) return;
  const std::optional<Duration> parsed =
      value->kind == Kind::kString ? ParseDuration(value->text) : std::nullopt;
  if (!parsed) return Wrong(*value, key, "a duration such as \"60s\", \"15m\" or \"72h\"");
  if (!CheckNumber(*value, key, std::chrono::duration<double>(*parsed).count(), rule)) return;
  *out = *parsed;
  Settle(key, ConfigValue::String(FormatDuration(*out)));
}

void ConfigReader::OptionalSize(std::string_view key, std::uint64_t* bytes, ConfigRule rule) {
  const ConfigValue* value = Ask(key, "size", rule, ConfigValue::Integer(static_cast<std::int64_t>(*bytes)));
  if (value == nullptr) return;
  std::optional<std::uint64_t> parsed;
  if (value->kind == Kind::kString) parsed = ParseByteSize(value->text);
  if (value->kind == Kind::kInteger && value->integer >= 0)
    parsed = static_cast<std::uint64_t>(value->integer);
  if (!parsed) return Wrong(*value, key, "a size such as \"64MB\" or \"2GiB\", or a number of bytes");
  if (!CheckNumber(*value, key, static_cast<double>(*parsed), rule)) return;
  *bytes = *parsed;
  Settle(key, ConfigValue::Integer(static_cast<std::int64_t>(*bytes)));
}

// convert(item, T*) puts one element into its out-parameter, or complains and returns false.
template <class T, class Convert>
void ConfigReader::ReadList(std::string_view key, std::string_view type, std::vector<T>* out,
                            const ConfigRule& rule, Convert convert) {
  std::vector<ConfigValue> defaults;
  for (const T& item : *out) {
    if constexpr (std::same_as<T, std::string>) {
      defaults.push_back(ConfigValue::String(item));
    } else if constexpr (std::same_as<T, double>) {
      defaults.push_back(ConfigValue::Double(item));
    } else {
      defaults.push_back(ConfigValue::Integer(item));
    }
  }
  const ConfigValue* value = Ask(key, type, rule, ConfigValue::Array(std::move(defaults)));
  if (value == nullptr) return;
  if (value->kind != Kind::kArray) return Wrong(*value, key, "a " + std::string(type));
  std::vector<T> read(value->items.size());
  std::vector<ConfigValue> resolved;
  for (std::size_t i = 0; i < read.size(); ++i) {
    if (!convert(value->items[i], &read[i])) return;
    if constexpr (std::same_as<T, double>) {
      resolved.push_back(ConfigValue::Double(read[i]));
    } else {
      resolved.push_back(value->items[i]);
    }
  }
  *out = std::move(read);
  Settle(key, ConfigValue::Array(std::move(resolved)));
}

void ConfigReader::Optional(std::string_view key, std::vector<std::string>* out, ConfigRule rule) {
  ReadList(key, "list of strings", out, rule, [&](const ConfigValue& item, std::string* into) {
    if (item.kind != Kind::kString) return Wrong(item, key, "a list of strings"), false;
    *into = item.text;
    return CheckChoice(item, key, item.text, rule);
  });
}
void ConfigReader::Optional(std::string_view key, std::vector<std::int64_t>* out, ConfigRule rule) {
  ReadList(key, "list of integers", out, rule, [&](const ConfigValue& item, std::int64_t* into) {
    if (item.kind != Kind::kInteger) return Wrong(item, key, "a list of integers"), false;
    *into = item.integer;
    return CheckNumber(item, key, static_cast<double>(item.integer), rule);
  });
}
void ConfigReader::Optional(std::string_view key, std::vector<double>* out, ConfigRule rule) {
  ReadList(key, "list of numbers", out, rule, [&](const ConfigValue& item, double* into) {
    const bool integer = item.kind == Kind::kInteger;
    if (!integer && item.kind != Kind::kDouble) return Wrong(item, key, "a list of numbers"), false;
    *into = integer ? static_cast<double>(item.integer) : item.number;
    return CheckNumber(item, key, *into, rule);
  });
}

}  // namespace cairn

#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/config.h"

namespace cairn {

// Narrows what a key may hold, and says what it is for.
struct ConfigRule {
  double min = -std::numeric_limits<double>::infinity();  // inclusive; of each element in a list
  double max = std::numeric_limits<double>::infinity();
  bool above_min = false;                      // min itself is not allowed
  std::vector<std::string_view> choices = {};  // of a string, or each string in a list
  std::string_view about = {};                 // one line, for `config schema` and `config init`
};

// What a reader asked for: enough to write a schema, a template and `config show --origin`.
struct ConfigKey {
  std::string path;  // "train.optimizer.lr"; "*" stands for any name
  std::string type;  // string integer number boolean duration size table, or "list of …"
  bool required = false;
  std::string value;   // as TOML, in force; empty when unset
  std::string origin;  // "client.toml:4:9", "default", …
  ConfigLayer layer = ConfigLayer::kDefault;
  ConfigRule rule;
};

template <class E>
struct ConfigChoice {
  std::string_view name;
  E value;
};

// A cursor over one table of a ConfigDocument that turns keys into fields and notices what is wrong.
//
//   ConfigReader reader(document);
//   reader.Required("name", &config.name);
//   ConfigReader train = reader.Table("train");
//   train.Optional("lr", &config.lr, {.min = 0, .above_min = true, .about = "client learning rate"});
//   CAIRN_RETURN_IF_ERROR(reader.Finish());
//
// Nothing fails before Finish(): a wrong value leaves the field as it was. Finish reports the first
// unknown key (with the nearest known one) or else the first wrong or missing value, each with
// file:line:column. A key nobody asked for is unknown, so ask for every key before Finish().
// Copies share one reading. The document must outlive it. Not thread-safe.
class ConfigReader {
 public:
  explicit ConfigReader(const ConfigDocument& document);

  bool Has(std::string_view key) const;                                 // does not make the key known
  std::optional<ConfigValue::Kind> KindOf(std::string_view key) const;  // likewise
  // Names in this table, sorted, for tables such as [dataset.*] whose keys are chosen by the user.
  std::vector<std::string> Keys() const;

  // Reads key into *out; an absent key leaves the default that is there, and records it.
  void Optional(std::string_view key, std::string* out, ConfigRule rule = {});
  void Optional(std::string_view key, std::int64_t* out, ConfigRule rule = {});
  void Optional(std::string_view key, double* out, ConfigRule rule = {});
  void Optional(std::string_view key, bool* out, ConfigRule rule = {});
  void Optional(std::string_view key, Duration* out, ConfigRule rule = {});  // "60s"; rule in seconds
  void Optional(std::string_view key, std::vector<std::string>* out, ConfigRule rule = {});
  void Optional(std::string_view key, std::vector<std::int64_t>* out, ConfigRule rule = {});
  void Optional(std::string_view key, std::vector<double>* out, ConfigRule rule = {});
  void OptionalSize(std::string_view key, std::uint64_t* bytes, ConfigRule rule = {});  // "64MB" or a number

  template <std::integral T>
  void Optional(std::string_view key, T* out, ConfigRule rule = {}) {
    std::int64_t wide = static_cast<std::int64_t>(*out);
    Optional(key, &wide, Within<T>(std::move(rule)));
    *out = static_cast<T>(wide);
  }
  // A choice of named values: reader.Optional("mode", &mode, kModes).
  template <class E, std::size_t N>
  void Optional(std::string_view key, E* out, const ConfigChoice<E> (&table)[N],
                std::string_view about = {}) {
    std::string name;
    for (const auto& choice : table) {
      if (choice.value == *out) name = choice.name;
    }
    Optional(key, &name, Named(table, about));
    for (const auto& choice : table) {
      if (choice.name == name) *out = choice.value;
    }
  }
  // A key without default stays nullopt when absent.
  template <class T>
  void Optional(std::string_view key, std::optional<T>* out, ConfigRule rule = {}) {
    if (!Has(key) && !out->has_value()) return Unset(key, TypeName<T>(), std::move(rule));
    T value = out->value_or(T{});
    Optional(key, &value, std::move(rule));
    *out = std::move(value);
  }
  // As Optional, but an absent key is an error.
  template <class T>
  void Required(std::string_view key, T* out, ConfigRule rule = {}) {
    Require(key);
    Optional(key, out, std::move(rule));
  }
  template <class E, std::size_t N>
  void Required(std::string_view key, E* out, const ConfigChoice<E> (&table)[N],
                std::string_view about = {}) {
    Require(key);
    Optional(key, out, table, about);
  }

  // A sub-table; empty where absent, so that its defaults are still recorded.
  ConfigReader Table(std::string_view key);
  // The tables of a list of tables; empty where absent.
  std::vector<ConfigReader> TableList(std::string_view key);
  // A value whose shape only its later reader knows (model.hyper); null when absent.
  const ConfigValue* Free(std::string_view key, std::string_view about = {});

  // Notes that `key` is wrong for a reason only the caller knows (a combination, a missing file).
  void Fail(std::string_view key, std::string_view what, std::string_view mend = {});
  // The same for a finished error; keeps its id and words, and puts the position in front.
  void Fail(std::string_view key, Status status);

  // Judges the whole document, whichever table this is called on. Call it once, at the end.
  Status Finish();
  // After Finish: every error, not just the first.
  std::vector<Status> errors() const;
  // Every key asked for, sorted by path, with value and origin.
  std::vector<ConfigKey> keys() const;
  // Everything in force, defaults included, in canonical order: what is stored and hashed.
  std::string ResolvedToml() const;

  // Runs `read` over nothing, to learn its keys. Keys() then answers {"*"} and TableList one table.
  template <class Read>
  static std::vector<ConfigKey> Describe(Read read) {
    const ConfigDocument nothing;
    ConfigReader reader(nothing);
    reader.SetDescribing();
    read(reader);
    return reader.keys();
  }

 private:
  struct Reading;
  struct Step {  // from a table to one of its keys, or to one table of a list
    std::string key;
    std::ptrdiff_t index = -1;
  };
  ConfigReader(std::shared_ptr<Reading> reading, const ConfigValue* table, std::vector<Step> steps);

  template <std::integral T>
  static ConfigRule Within(ConfigRule rule) {
    rule.min = std::max(rule.min, static_cast<double>(std::numeric_limits<T>::min()));
    rule.max = std::min(rule.max, static_cast<double>(std::numeric_limits<T>::max()));
    return rule;
  }
  template <class E, std::size_t N>
  static ConfigRule Named(const ConfigChoice<E> (&table)[N], std::string_view about) {
    ConfigRule rule;
    for (const auto& choice : table) rule.choices.push_back(choice.name);
    rule.about = about;
    return rule;
  }
  template <class T>
  static constexpr std::string_view TypeName() {
    if constexpr (std::same_as<T, bool>) {
      return "boolean";
    } else if constexpr (std::integral<T>) {
      return "integer";
    } else if constexpr (std::floating_point<T>) {
      return "number";
    } else if constexpr (std::same_as<T, Duration>) {
      return "duration";
    } else {
      return "string";
    }
  }

  void SetDescribing();
  void Require(std::string_view key);
  void Unset(std::string_view key, std::string_view type, ConfigRule rule);
  const ConfigValue* Ask(std::string_view key, std::string_view type, const ConfigRule& rule,
                         ConfigValue fallback);
  void Wrong(const ConfigValue& value, std::string_view key, const std::string& expected);
  bool CheckNumber(const ConfigValue& value, std::string_view key, double number, const ConfigRule& rule);
  bool CheckChoice(const ConfigValue& value, std::string_view key, const std::string& text,
                   const ConfigRule& rule);
  void Settle(std::string_view key, ConfigValue resolved);
  template <class T, class Convert>
  void ReadList(std::string_view key, std::string_view type, std::vector<T>* out, const ConfigRule& rule,
                Convert convert);
  std::string PathOf(std::string_view key) const;
  std::string TablePath() const;

  std::shared_ptr<Reading> reading_;
  const ConfigValue* table_;  // never null
  std::vector<Step> steps_;   // from the root to it
};

}  // namespace cairn

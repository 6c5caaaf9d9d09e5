#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

// Where a configuration value was set. Later layers win: flag over environment over file over default.
enum class ConfigLayer : std::uint8_t { kDefault, kFile, kEnvironment, kFlag };

struct ConfigOrigin {
  ConfigLayer layer = ConfigLayer::kDefault;
  std::string source;        // file name, "CAIRN_NET__PROXY" or "--set"
  std::uint32_t line = 0;    // from 1; 0 where there is no line
  std::uint32_t column = 0;  // from 1, in characters

  std::string ToString() const;  // "client.toml:4:9", "environment CAIRN_NET__PROXY", "flag --set", "default"
};

struct ConfigMember;

// One value of a configuration: a plain tree that knows where each part came from. The members of a
// table are sorted by key. Dates are not part of it: no key of ours is one.
struct ConfigValue {
  enum class Kind : std::uint8_t { kString, kInteger, kDouble, kBool, kArray, kTable };

  Kind kind = Kind::kTable;
  std::string text;  // of kString; of the other scalars the text as typed in a flag or the environment
  std::int64_t integer = 0;
  double number = 0;
  bool flag = false;
  std::vector<ConfigValue> items;     // of kArray
  std::vector<ConfigMember> members;  // of kTable
  ConfigOrigin origin;

  static ConfigValue String(std::string value);
  static ConfigValue Integer(std::int64_t value);
  static ConfigValue Double(double value);
  static ConfigValue Bool(bool value);
  static ConfigValue Array(std::vector<ConfigValue> items);

  const ConfigMember* Find(std::string_view key) const;  // null when absent or not a table
  ConfigMember* Find(std::string_view key);
  ConfigMember& Set(std::string_view key, ConfigValue value);  // inserts or replaces, keeps order
};

struct ConfigMember {
  std::string key;
  ConfigOrigin key_origin;
  ConfigValue value;
};

std::string_view KindName(ConfigValue::Kind kind);  // "a string", "an integer", …

// One value as TOML on one line. Equal values give equal bytes: shortest numbers, sorted keys.
std::string ToTomlInline(const ConfigValue& value);
// A whole table as TOML in canonical order: scalars and arrays of a table before its sub-tables,
// each sorted by key. This is the text that is hashed and stored as resolved.toml.
std::string ToToml(const ConfigValue& table);
// "lr", or quoted where TOML needs it.
std::string ToTomlKey(std::string_view key);

}  // namespace cairn

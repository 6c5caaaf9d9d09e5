#include "core/base/config_value.h"

#include <algorithm>

#include "core/base/text.h"

namespace cairn {
namespace {

bool KeyLess(const ConfigMember& member, std::string_view key) { return member.key < key; }

void AppendTables(const ConfigValue& table, const std::string& path, std::string& out) {
  for (const ConfigMember& member : table.members) {
    if (member.value.kind == ConfigValue::Kind::kTable) continue;
    out += ToTomlKey(member.key) + " = " + ToTomlInline(member.value) + "\n";
  }
  for (const ConfigMember& member : table.members) {
    if (member.value.kind != ConfigValue::Kind::kTable) continue;
    const std::string name = path.empty() ? ToTomlKey(member.key) : path + "." + ToTomlKey(member.key);
    const auto& inner = member.value.members;
    const bool only_tables = !inner.empty() && std::ranges::all_of(inner, [](const ConfigMember& m) {
      return m.value.kind == ConfigValue::Kind::kTable;
    });
    if (!only_tables) {
      if (!out.empty()) out += "\n";
      out += "[" + name + "]\n";
    }
    AppendTables(member.value, name, out);
  }
}

}  // namespace

std::string ConfigOrigin::ToString() const {
  switch (layer) {
    case ConfigLayer::kDefault:
      return "default";
    case ConfigLayer::kEnvironment:
      return "environment " + source;
    case ConfigLayer::kFlag:
      return "flag " + source;
    case ConfigLayer::kFile:
      break;
  }
  return line == 0 ? source : source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

ConfigValue ConfigValue::String(std::string value) {
  ConfigValue result;
  result.kind = Kind::kString;
  result.text = std::move(value);
  return result;
}
ConfigValue ConfigValue::Integer(std::int64_t value) {
  ConfigValue result;
  result.kind = Kind::kInteger;
  result.integer = value;
  return result;
}
ConfigValue ConfigValue::Double(double value) {
  ConfigValue result;
  result.kind = Kind::kDouble;
  result.number = value;
  return result;
}
ConfigValue ConfigValue::Bool(bool value) {
  ConfigValue result;
  result.kind = Kind::kBool;
  result.flag = value;
  return result;
}
ConfigValue ConfigValue::Array(std::vector<ConfigValue> items) {
  ConfigValue result;
  result.kind = Kind::kArray;
  result.items = std::move(items);
  return result;
}

const ConfigMember* ConfigValue::Find(std::string_view key) const {
  const auto it = std::lower_bound(members.begin(), members.end(), key, KeyLess);
  return it != members.end() && it->key == key ? &*it : nullptr;
}
ConfigMember* ConfigValue::Find(std::string_view key) {
  const auto it = std::lower_bound(members.begin(), members.end(), key, KeyLess);
  return it != members.end() && it->key == key ? &*it : nullptr;
}

ConfigMember& ConfigValue::Set(std::string_view key, ConfigValue value) {
  auto it = std::lower_bound(members.begin(), members.end(), key, KeyLess);
  if (it == members.end() || it->key != key) {
    it = members.insert(it, ConfigMember{std::string(key), value.origin, {}});
  }
  it->key_origin = value.origin;
  it->value = std::move(value);
  return *it;
}

std::string_view KindName(ConfigValue::Kind kind) {
  switch (kind) {
    case ConfigValue::Kind::kString:
      return "a string";
    case ConfigValue::Kind::kInteger:
      return "an integer";
    case ConfigValue::Kind::kDouble:
      return "a number";
    case ConfigValue::Kind::kBool:
      return "true or false";
    case ConfigValue::Kind::kArray:
      return "a list";
    case ConfigValue::Kind::kTable:
      break;
  }
  return "a table";
}

std::string ToTomlKey(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return bare ? std::string(key) : JsonString(key);  // the escapes of JSON are escapes of TOML too
}

std::string ToTomlInline(const ConfigValue& value) {
  switch (value.kind) {
    case ConfigValue::Kind::kString:
      return JsonString(value.text);
    case ConfigValue::Kind::kInteger:
      return std::to_string(value.integer);
    case ConfigValue::Kind::kDouble:
      return FormatDouble(value.number);
    case ConfigValue::Kind::kBool:
      return value.flag ? "true" : "false";
    case ConfigValue::Kind::kArray: {
      std::string out = "[";
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        out += (i == 0 ? "" : ", ") + ToTomlInline(value.items[i]);
      }
      return out + "]";
    }
    case ConfigValue::Kind::kTable:
      break;
  }
  std::string out = "{";
  for (std::size_t i = 0; i < value.members.size(); ++i) {
    out += (i == 0 ? " " : ", ") + ToTomlKey(value.members[i].key) + " = " +
           ToTomlInline(value.members[i].value);
  }
  return out + (value.members.empty() ? "}" : " }");
}

std::string ToToml(const ConfigValue& table) {
  std::string out;
  AppendTables(table, "", out);
  return out;
}

}  // namespace cairn

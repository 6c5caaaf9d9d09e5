#include "core/base/config_reading.h"

#include "core/base/edit_distance.h"
#include "core/base/text.h"

namespace cairn {
namespace {

std::string Join(std::string_view table, std::string_view key) {
  const std::string shown = key == "*" ? "*" : ToTomlKey(key);
  return table.empty() ? shown : std::string(table) + "." + shown;
}

// "use 'polcy'"; or the table where such a key lives; or every key there is.
std::string Suggestion(const std::string& key, const std::string& table,
                       const std::map<std::string, std::set<std::string>>& known) {
  const auto here = known.find(table);
  if (here != known.end()) {
    const std::vector<std::string> names(here->second.begin(), here->second.end());
    if (const std::string nearest = NearestWord(key, names); !nearest.empty()) {
      return "did you mean '" + Join(table, nearest) + "'?";
    }
  }
  for (const auto& [other, keys] : known) {
    if (keys.contains(key)) return "did you mean '" + Join(other, key) + "'?";
  }
  if (here == known.end() || here->second.empty()) return "remove it";
  std::string list;
  for (const std::string& name : here->second) list += (list.empty() ? "" : ", ") + ToTomlKey(name);
  return "the keys here are: " + list;
}

}  // namespace

ConfigValue& ConfigReader::Reading::ResolvedAt(const std::vector<Step>& steps) {
  ConfigValue* at = &resolved;
  for (const Step& step : steps) {
    ConfigMember* member = at->Find(step.key);
    if (member == nullptr) member = &at->Set(step.key, ConfigValue());
    at = &member->value;
    if (step.index < 0) continue;
    at->kind = ConfigValue::Kind::kArray;
    if (at->items.size() <= static_cast<std::size_t>(step.index)) {
      at->items.resize(static_cast<std::size_t>(step.index) + 1);
    }
    at = &at->items[static_cast<std::size_t>(step.index)];
  }
  return *at;
}

void ConfigReader::Reading::FindUnknown(const ConfigValue& table, const std::string& path) {
  for (const ConfigMember& member : table.members) {
    const std::string name = Join(path, member.key);
    const auto keys_here = known.find(path);
    if (keys_here == known.end() || !keys_here->second.contains(member.key)) {
      unknown.push_back({member.key_origin,
                         Status(errors::kConfigUnknownKey,
                                member.key_origin.ToString() + ": unknown key '" + EscapeControls(name) + "'")
                             .Mend(Suggestion(member.key, path, known))});
      continue;
    }
    if (opened.contains(name)) FindUnknown(member.value, name);
    for (std::size_t i = 0; i < member.value.items.size(); ++i) {
      const std::string item = name + "[" + std::to_string(i) + "]";
      if (opened.contains(item)) FindUnknown(member.value.items[i], item);
    }
  }
}

}  // namespace cairn

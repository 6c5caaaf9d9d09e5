#include "core/base/config.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "core/base/config_parse.h"
#include "core/base/text.h"

extern char** environ;  // POSIX declares it nowhere

namespace cairn {
namespace {

constexpr std::string_view kPrefix = "CAIRN_";

// Every value in the tree gets this origin; scalars also keep the text as typed, so that a key that
// wants a string may be set to 123 without quotes.
void Stamp(ConfigValue& value, const ConfigOrigin& origin, std::string_view typed) {
  value.origin = origin;
  if (value.kind != ConfigValue::Kind::kString && value.kind != ConfigValue::Kind::kTable &&
      value.kind != ConfigValue::Kind::kArray) {
    value.text = typed;
  }
  for (ConfigValue& item : value.items) Stamp(item, origin, ToTomlInline(item));
  for (ConfigMember& member : value.members) {
    member.key_origin = origin;
    Stamp(member.value, origin, typed);
  }
}

void MergeBelow(const ConfigValue& lower, ConfigValue& upper) {
  for (const ConfigMember& member : lower.members) {
    ConfigMember* mine = upper.Find(member.key);
    if (mine == nullptr) {
      upper.Set(member.key, member.value).key_origin = member.key_origin;
    } else if (mine->value.kind == ConfigValue::Kind::kTable &&
               member.value.kind == ConfigValue::Kind::kTable) {
      MergeBelow(member.value, mine->value);
    }
  }
}

// Reads "path = text" as TOML; where the text is no TOML value, as a string.
Result<ConfigValue> ParseAssignment(std::string_view path, std::string_view text,
                                    const ConfigOrigin& origin) {
  const std::string where = origin.source + " " + EscapeControls(path);
  if (path.find_first_of("\n\r=#") != std::string_view::npos || path.empty()) {
    return Status(errors::kConfigSyntax, where + ": not a key").Mend("write it as section.key=value");
  }
  const std::string head = std::string(path) + " = ";
  const bool one_line = text.find_first_of("\n\r") == std::string_view::npos;
  Result<ConfigValue> parsed = Status(errors::kConfigSyntax, where);
  if (one_line) parsed = ParseToml(head + std::string(text), where);
  if (!parsed.ok()) parsed = ParseToml(head + JsonString(text), where);
  if (!parsed.ok())
    return Status(errors::kConfigSyntax, where + ": not a key").Mend("write it as section.key=value");
  ConfigValue value = std::move(parsed).value();
  Stamp(value, origin, text);
  return value;
}

}  // namespace

Result<ConfigDocument> ConfigDocument::Parse(std::string_view text, std::string_view filename) {
  if (text.size() > kMaxConfigBytes) {
    return Status(errors::kConfigSyntax, std::string(filename) + " is " +
                                             FormatByteSize(double(text.size())) +
                                             "; a configuration has at most 1 MiB");
  }
  ConfigDocument document;
  CAIRN_ASSIGN_OR_RETURN(document.root_, ParseToml(text, filename));
  return document;
}

Result<ConfigDocument> ConfigDocument::ReadFile(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxConfigBytes + 1, '\0');
  if (!file.is_open()) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    return Status(missing ? errors::kNotFound : errors::kStorageIo,
                  "cannot read " + EscapeControls(path.string()) + ": " + std::strerror(errno));
  }
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.gcount() == 0 && std::filesystem::is_directory(path))) {
    return Status(errors::kStorageIo,
                  "cannot read " + EscapeControls(path.string()) + ": not a readable file");
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return Parse(text, path.string());
}

void ConfigDocument::Underlay(const ConfigDocument& lower) { MergeBelow(lower.root_, root_); }

Status ConfigDocument::Overlay(const ConfigValue& value, ConfigValue& into, const std::string& path) {
  for (const ConfigMember& member : value.members) {
    const std::string name = path.empty() ? ToTomlKey(member.key) : path + "." + ToTomlKey(member.key);
    ConfigMember* mine = into.Find(member.key);
    const bool is_table = member.value.kind == ConfigValue::Kind::kTable;
    if (mine == nullptr) {
      into.Set(member.key, member.value);
    } else if (is_table && mine->value.kind == ConfigValue::Kind::kTable) {
      CAIRN_RETURN_IF_ERROR(Overlay(member.value, mine->value, name));
    } else if (is_table) {
      return Status(errors::kConfigValue, member.key_origin.ToString() + ": " + name + " is " +
                                              std::string(KindName(mine->value.kind)) + " and has no keys (" +
                                              mine->value.origin.ToString() + ")");
    } else if (mine->value.origin.layer <= member.value.origin.layer) {
      into.Set(member.key, member.value);
    }
  }
  return {};
}

Status ConfigDocument::ApplyFlag(std::string_view assignment, std::string_view flag) {
  const ConfigOrigin origin{ConfigLayer::kFlag, std::string(flag), 0, 0};
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    return Status(errors::kUsage, std::string(flag) + " " + EscapeControls(assignment) + ": no '='")
        .Mend("write it as " + std::string(flag) + " section.key=value");
  }
  CAIRN_ASSIGN_OR_RETURN(const ConfigValue value, ParseAssignment(assignment.substr(0, equals),
                                                                  assignment.substr(equals + 1), origin));
  return Overlay(value, root_, "");
}

Status ConfigDocument::ApplyEnvironment(std::span<const std::pair<std::string, std::string>> variables) {
  for (const auto& [name, text] : variables) {
    if (!name.starts_with(kPrefix) || name.find("__") == std::string::npos) continue;
    std::string path = name.substr(kPrefix.size());
    for (std::size_t at = path.find("__"); at != std::string::npos; at = path.find("__", at))
      path.replace(at, 2, ".");
    std::ranges::transform(path, path.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    const ConfigOrigin origin{ConfigLayer::kEnvironment, EscapeControls(name), 0, 0};
    CAIRN_ASSIGN_OR_RETURN(const ConfigValue value, ParseAssignment(path, text, origin));
    CAIRN_RETURN_IF_ERROR(Overlay(value, root_, ""));
  }
  return {};
}

std::vector<std::pair<std::string, std::string>> EnvironmentOverrides() {
  std::vector<std::pair<std::string, std::string>> found;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = text.substr(0, equals);
    if (name.starts_with(kPrefix) && name.find("__") != std::string_view::npos) {
      found.emplace_back(name, text.substr(equals + 1));
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace cairn

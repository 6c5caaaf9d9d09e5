#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/config_value.h"
#include "core/base/result.h"

namespace cairn {

// A configuration as written: the merged layers, before anybody asked what the keys mean.
//
//   CAIRN_ASSIGN_OR_RETURN(auto document, ConfigDocument::ReadFile("client.toml"));
//   CAIRN_RETURN_IF_ERROR(document.ApplyEnvironment(EnvironmentOverrides()));
//   CAIRN_RETURN_IF_ERROR(document.ApplyFlag("net.proxy=none"));
//   ConfigReader reader(document);            // config_reader.h
//
// Precedence is flag over environment over file over default, in whatever order the layers are
// applied. Strict TOML 1.0, at most kMaxConfigBytes, nested at most kMaxConfigDepth deep: safe on hostile
// bytes. Errors: CAIRN-1101 for bad syntax, with file:line:column. A value; thread-compatible.
class ConfigDocument {
 public:
  ConfigDocument() = default;  // empty: defaults only

  // `filename` is only shown in messages.
  static Result<ConfigDocument> Parse(std::string_view text, std::string_view filename);
  static Result<ConfigDocument> ReadFile(const std::filesystem::path& path);

  // Takes what `lower`, a file further away, sets and this one does not. Tables merge; lists do not.
  void Underlay(const ConfigDocument& lower);

  // One `--set a.b=value`. The value is TOML ("0.1", "true", "[1, 2]"), else taken as a string.
  Status ApplyFlag(std::string_view assignment, std::string_view flag = "--set");
  // Pairs of (CAIRN_SECTION__KEY, text): CAIRN_NET__PROXY sets net.proxy. Names without a double
  // underscore are not ours.
  Status ApplyEnvironment(std::span<const std::pair<std::string, std::string>> variables);

  const ConfigValue& root() const { return root_; }

 private:
  Status Overlay(const ConfigValue& value, ConfigValue& into, const std::string& path);

  ConfigValue root_;
};

inline constexpr std::size_t kMaxConfigBytes = 1 << 20;
inline constexpr std::size_t kMaxConfigDepth = 64;

// The variables of this process that ApplyEnvironment takes, sorted by name.
std::vector<std::pair<std::string, std::string>> EnvironmentOverrides();

}  // namespace cairn

#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/config_reader.h"

namespace cairn {

// A kind of configuration file: what `config check`, `schema`, `init` and `show` know about it.
struct ConfigKind {
  std::string_view name;  // "client"
  std::string_view about;
  std::string_view file;        // "client.toml", looked for in ./ and in /etc/cairn
  void (*read)(ConfigReader&);  // asks for every key; no Finish
  std::string_view starter;     // a commented file to begin with
  std::string_view next;        // the command that uses it
};

std::span<const ConfigKind> ConfigKinds();
Result<const ConfigKind*> FindConfigKind(std::string_view name);  // CAIRN-1001 with the nearest name

// The kind a document is of, told by its file name, else by its sections: the kind with the most
// known keys among the top ones.
const ConfigKind& GuessConfigKind(const std::filesystem::path& path, const ConfigDocument& document);

// The layers of one configuration, merged: `path`, or else ./FILE over /etc/cairn/FILE, then the
// environment, then the flags. Nothing found and no path given is an empty document.
Result<ConfigDocument> LoadConfig(std::string_view file, const std::string& path,
                                  const std::vector<std::string>& sets);

// A JSON Schema (draft 2020-12) made from the keys that the kind's reader asks for.
std::string ConfigSchema(const ConfigKind& kind);

}  // namespace cairn

#include <algorithm>
#include <memory>

#include "cli/cairn/commands.h"
#include "cli/cairn/config_kinds.h"
#include "core/base/text.h"

namespace cairn {
namespace {

struct ConfigOptions {
  std::string kind, path;
  std::vector<std::string> sets;
  bool origin = false;
};

std::vector<std::string> KindNames() {
  std::vector<std::string> names;
  for (const ConfigKind& kind : ConfigKinds()) names.emplace_back(kind.name);
  return names;
}

Status Show(const ConfigOptions& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const ConfigKind* kind, FindConfigKind(options.kind));
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument document, LoadConfig(kind->file, options.path, options.sets));
  ConfigReader reader(document);
  kind->read(reader);
  CAIRN_RETURN_IF_ERROR(reader.Finish());
  JsonArray values;
  std::size_t widest = 0;
  const std::vector<ConfigKey> keys = reader.keys();
  for (const ConfigKey& key : keys) widest = std::max(widest, key.path.size() + key.value.size());
  for (const ConfigKey& key : keys) {
    if (key.value.empty()) continue;
    values.Add(JsonObject().Add("key", key.path).Add("value", key.value).Add("origin", key.origin));
    if (!options.origin) continue;
    const std::string pad(widest + 2 - key.path.size() - key.value.size(), ' ');
    out.PrintLine(key.path + " = " + key.value + pad + out.terminal().Dim("# " + key.origin));
  }
  if (!options.origin) out.Print(reader.ResolvedToml());
  out.Data(JsonObject().Add("kind", kind->name).Add("values", values));
  return {};
}

Status Check(const ConfigOptions& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument document, ConfigDocument::ReadFile(options.path));
  const ConfigKind* kind = &GuessConfigKind(options.path, document);
  if (!options.kind.empty()) {
    CAIRN_ASSIGN_OR_RETURN(kind, FindConfigKind(options.kind));
  }
  ConfigReader reader(document);
  kind->read(reader);
  const Status first = reader.Finish();
  const std::vector<Status> all = reader.errors();
  for (std::size_t i = 1; i < all.size() && out.is_text(); ++i) out.Warn(all[i].what());
  if (!first.ok()) return first;
  out.PrintLine(options.path + " is a sound " + std::string(kind->name) + " configuration, " +
                std::to_string(reader.keys().size()) + " keys in force");
  out.Data(JsonObject().Add("kind", kind->name).Add("file", options.path).Add("keys", reader.keys().size()));
  out.Next(std::string(kind->next));
  return {};
}

Status Schema(const std::string& name, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const ConfigKind* kind, FindConfigKind(name));
  const std::string schema = ConfigSchema(*kind);
  out.PrintLine(schema);
  out.Data(JsonObject().AddRaw("schema", schema));
  return {};
}

Status Init(const std::string& name, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const ConfigKind* kind, FindConfigKind(name));
  out.Print(kind->starter);
  out.Data(JsonObject().Add("kind", kind->name).Add("text", kind->starter));
  out.Next("cairn config check " + std::string(kind->file));
  out.Next(std::string(kind->next));
  return {};
}

}  // namespace

void AddConfigCommands(CommandSet& commands) {
  commands.Group("config", "Configuration files: what is in force and why");
  const std::vector<std::string> kinds = KindNames();

  auto show = std::make_shared<ConfigOptions>();
  commands.Add("config show", "Prints the configuration in force, defaults included")
      .Takes({"KIND", "kind of configuration", &show->kind, true, kinds})
      .Has({"--config", "FILE", "read this file instead of looking for one", &show->path})
      .Has({"--set", "KEY=VALUE", "override one key; may be given again", &show->sets})
      .Has({"--origin", "", "where each value was set", &show->origin})
      .Run([show](CommandOutput& out) { return Show(*show, out); });

  auto check = std::make_shared<ConfigOptions>();
  commands.Add("config check", "Checks a file without using it")
      .Takes({"FILE", "the file", &check->path})
      .Has({"--kind", "", "kind of configuration; else told by name and keys", &check->kind, kinds})
      .Run([check](CommandOutput& out) { return Check(*check, out); });

  auto schema = std::make_shared<std::string>();
  commands.Add("config schema", "Prints the JSON Schema of a kind, for editors")
      .Takes({"KIND", "kind of configuration", schema.get(), true, kinds})
      .Run([schema](CommandOutput& out) { return Schema(*schema, out); });

  auto init = std::make_shared<std::string>();
  commands.Add("config init", "Prints a commented file to begin with")
      .Takes({"KIND", "kind of configuration", init.get(), true, kinds})
      .Example("cairn config init job > job.toml")
      .Run([init](CommandOutput& out) { return Init(*init, out); });
}

}  // namespace cairn

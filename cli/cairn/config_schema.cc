// The JSON Schema of a kind of configuration.
#include <cmath>
#include <map>
#include <set>

#include "cli/cairn/config_kinds.h"
#include "core/base/json_writer.h"

namespace cairn {
namespace {

// The keys as the tree a schema wants: tables with properties.
struct SchemaNode {
  std::map<std::string, SchemaNode> children;
  const ConfigKey* leaf = nullptr;
};

std::vector<std::string> SplitPath(const std::string& path) {
  std::vector<std::string> parts = {""};
  for (const char c : path) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

JsonObject ElementSchema(const std::string& type, const ConfigRule& rule) {
  JsonObject object;
  if (type != "any" && type != "size") {
    object.Add("type", type == "integer" || type == "integers" ? "integer"
                       : type == "number" || type == "numbers" ? "number"
                       : type == "boolean"                     ? "boolean"
                                                               : "string");
  }
  if (std::isfinite(rule.min) && type != "duration" && type != "size") {
    object.Add(rule.above_min ? "exclusiveMinimum" : "minimum", rule.min);
  }
  if (std::isfinite(rule.max) && type != "duration" && type != "size") object.Add("maximum", rule.max);
  JsonArray choices;
  for (const std::string_view choice : rule.choices) choices.Add(choice);
  if (!choices.empty()) object.Add("enum", choices);
  return object;
}

JsonObject LeafSchema(const ConfigKey& key) {
  constexpr std::string_view kList = "list of ";
  JsonObject object;
  if (key.type.starts_with(kList) && key.type != "list of tables") {
    object.Add("type", "array").Add("items", ElementSchema(key.type.substr(kList.size()), key.rule));
  } else if (key.type != "list of tables") {
    object = ElementSchema(key.type, key.rule);
  }
  if (!key.rule.about.empty()) object.Add("description", key.rule.about);
  // Defaults that TOML and JSON write alike.
  if (!key.required && !key.value.empty() && key.value != "nan" &&
      key.value.find("inf") == std::string::npos && key.value.front() != '{') {
    object.AddRaw("default", key.value);
  }
  return object;
}

JsonObject TableSchema(const SchemaNode& node) {
  JsonObject properties, object;
  JsonArray required;
  const SchemaNode* any = nullptr;
  for (const auto& [name, child] : node.children) {
    if (name == "*") {
      any = &child;
      continue;
    }
    if (child.leaf != nullptr && child.leaf->required) required.Add(name);
    const bool is_table = !child.children.empty();
    properties.Add(name, is_table ? TableSchema(child) : LeafSchema(*child.leaf));
  }
  object.Add("type", "object").Add("properties", properties);
  if (!required.empty()) object.Add("required", required);
  if (any == nullptr) return object.Add("additionalProperties", false);
  return object.Add("additionalProperties",
                    any->children.empty() ? LeafSchema(*any->leaf) : TableSchema(*any));
}

}  // namespace

std::string ConfigSchema(const ConfigKind& kind) {
  const std::vector<ConfigKey> keys = ConfigReader::Describe(kind.read);
  SchemaNode root;
  for (const ConfigKey& key : keys) {
    SchemaNode* node = &root;
    for (const std::string& part : SplitPath(key.path)) {
      if (part.ends_with("[0]")) {  // a list of tables: described by its first element
        node = nullptr;
        break;
      }
      node = &node->children[part];
    }
    if (node != nullptr) node->leaf = &key;
  }
  JsonObject schema = TableSchema(root);
  const std::string text = schema.text();
  return "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"" +
         std::string(kind.file) + "\"," + text.substr(1);
}

}  // namespace cairn

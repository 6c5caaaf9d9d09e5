#include "core/base/config_parse.h"

#include <toml++/toml.h>

#include "core/base/config_scan.h"
#include "core/base/text.h"

namespace cairn {
namespace {

class Converter {
 public:
  explicit Converter(std::string_view filename) : filename_(filename) {}

  Result<ConfigValue> Convert(const toml::node& node) const {
    ConfigValue value;
    value.origin = OriginOf(node.source());
    if (const auto* text = node.as_string()) {
      value.kind = ConfigValue::Kind::kString;
      value.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
      value.kind = ConfigValue::Kind::kInteger;
      value.integer = integer->get();
    } else if (const auto* number = node.as_floating_point()) {
      value.kind = ConfigValue::Kind::kDouble;
      value.number = number->get();
    } else if (const auto* flag = node.as_boolean()) {
      value.kind = ConfigValue::Kind::kBool;
      value.flag = flag->get();
    } else if (const auto* array = node.as_array()) {
      value.kind = ConfigValue::Kind::kArray;
      for (const toml::node& item : *array) {
        CAIRN_ASSIGN_OR_RETURN(ConfigValue converted, Convert(item));
        value.items.push_back(std::move(converted));
      }
    } else if (const auto* table = node.as_table()) {
      return ConvertTable(*table);
    } else {
      return Status(errors::kConfigValue, value.origin.ToString() + ": dates and times are not used here")
          .Mend("put the value in quotes");
    }
    return value;
  }

 private:
  Result<ConfigValue> ConvertTable(const toml::table& table) const {
    ConfigValue value;
    value.origin = OriginOf(table.source());
    for (const auto& [key, child] : table) {
      CAIRN_ASSIGN_OR_RETURN(ConfigValue converted, Convert(child));
      value.Set(key.str(), std::move(converted)).key_origin = OriginOf(key.source());
    }
    return value;
  }

  ConfigOrigin OriginOf(const toml::source_region& region) const {
    return {ConfigLayer::kFile, filename_, region.begin.line, region.begin.column};
  }

  std::string filename_;
};

}  // namespace

Result<ConfigValue> ParseToml(std::string_view text, std::string_view filename) {
  const std::string shown = EscapeControls(filename);
  CAIRN_RETURN_IF_ERROR(CheckConfigDepth(text, shown));
  try {
    const toml::table table = toml::parse(text, shown);
    return Converter(shown).Convert(table);
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    return Status(errors::kConfigSyntax, shown + ":" + std::to_string(at.line) + ":" +
                                             std::to_string(at.column) +
                                             ": not valid TOML: " + EscapeControls(error.description()));
  } catch (const std::exception& error) {
    return Status(errors::kConfigSyntax, shown + ": not valid TOML: " + EscapeControls(error.what()));
  }
}

}  // namespace cairn

// Any bytes as a configuration file, a --set flag and a variable: refused or read, never worse. What
// is read prints as TOML that reads back to the same text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/config_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  cairn::Result<cairn::ConfigDocument> document = cairn::ConfigDocument::Parse(text, "fuzz.toml");
  if (document.ok()) {
    const std::string printed = cairn::ToToml(document->root());
    const auto again = cairn::ConfigDocument::Parse(printed, "printed.toml");
    if (again.ok() && cairn::ToToml(again->root()) != printed) std::abort();
    cairn::ConfigReader reader(*document);
    std::string name;
    std::vector<double> list;
    reader.Optional("name", &name);
    cairn::ConfigReader table = reader.Table("train");
    table.Optional("list", &list, {.min = 0});
    for (cairn::ConfigReader& item : reader.TableList("drop")) item.Optional("name", &name);
    (void)reader.Finish();
    (void)reader.ResolvedToml();
  }
  cairn::ConfigDocument overrides;
  (void)overrides.ApplyFlag(text);
  const std::pair<std::string, std::string> variables[] = {{"CAIRN_A__B", std::string(text)}};
  (void)overrides.ApplyEnvironment(variables);
  return 0;
}

#include "aggregator/server/aggregator_config.h"

namespace cairn {
namespace {

void ReadPath(ConfigReader& root, std::string_view key, std::filesystem::path* out,
              const std::filesystem::path& folder, std::string_view about) {
  std::string text = out->string();
  root.Optional(key, &text, {.about = about});
  *out = text.empty() ? std::filesystem::path() : (folder / text).lexically_normal();
}

}  // namespace

AggregatorFileConfig ReadAggregatorConfig(ConfigReader& root, const std::filesystem::path& folder) {
  AggregatorFileConfig config;
  std::int64_t version = 1;
  root.Optional("schema", &version, {.min = 1, .max = 1});
  root.Required("federation", &config.federation,
                {.about = "name of the federation, as in its root certificate"});
  root.Optional("name", &config.name, {.about = "the aggregator's name in its certificate"});
  root.Optional("address", &config.address, {.about = "host:port to listen on"});
  root.Optional("public_address", &config.public_address,
                {.about = "host:port that sites dial, as invites name it; empty: address"});
  ReadPath(root, "state_dir", &config.state_dir, folder, "journal, models and runs; a local file system");
  ReadPath(root, "issuer", &config.issuer, folder, "folder of the issuing authority");
  ReadPath(root, "root", &config.root, folder, "folder of the root key; empty where it is kept elsewhere");
  ConfigReader net = root.Table("net");
  net.Optional("heartbeat", &config.heartbeat,
               {.min = 0.1, .max = 3600, .about = "how often sites show progress"});
  net.Optional(
      "stall_timeout", &config.stall_timeout,
      {.min = 1, .max = 86'400, .about = "a site without progress for so long is dropped from the round"});
  if (config.state_dir.empty()) config.state_dir = folder;
  return config;
}

Result<AggregatorFileConfig> ParseAggregatorConfig(const ConfigDocument& document,
                                                   const std::filesystem::path& folder) {
  ConfigReader root(document);
  AggregatorFileConfig config = ReadAggregatorConfig(root, folder);
  CAIRN_RETURN_IF_ERROR(root.Finish());
  return config;
}

std::string AggregatorToml(const AggregatorFileConfig& config) {
  const auto quoted = [](const std::string& text) { return ToTomlInline(ConfigValue::String(text)); };
  std::string toml = "# Made by `cairn aggregator init`.\nschema = 1\n";
  toml += "federation = " + quoted(config.federation) + "\n";
  toml += "name = " + quoted(config.name) + "\n";
  toml += "address = " + quoted(config.address) + "\n";
  if (!config.public_address.empty()) toml += "public_address = " + quoted(config.public_address) + "\n";
  toml += "issuer = " + quoted(config.issuer.string()) + "\n";
  if (!config.root.empty()) toml += "root = " + quoted(config.root.string()) + "\n";
  return toml;
}

}  // namespace cairn

#include "aggregator/server/aggregator_config.h"

#include <limits>

#include "protocol/messages/job_words.h"

namespace cairn {
namespace {

void ReadPath(ConfigReader& root, std::string_view key, std::filesystem::path* out,
              const std::filesystem::path& folder, std::string_view about) {
  std::string text = out->string();
  root.Optional(key, &text, {.about = about});
  *out = text.empty() ? std::filesystem::path() : (folder / text).lexically_normal();
}

//   [privacy]
//   clients = 1000      epsilon = 8.0      delta = 1e-5      accountant = "rdp"
std::optional<CentralTerms> ReadCentralTerms(ConfigReader table, bool is_there) {
  CentralTerms terms{.clients = 1,
                     .domain = {{1, *Delta::DefaultFor(1)}, {PrivacyUnit::kClient, Adjacency::kZeroOut}}};
  std::optional<std::uint64_t> clients;
  std::optional<double> epsilon, delta;
  table.Optional("clients", &clients,
                 ConfigRule{.min = 1, .max = 1e12, .about = "how many clients there are"});
  table.Optional("epsilon", &epsilon,
                 ConfigRule{.min = 0,
                            .max = std::numeric_limits<double>::max(),
                            .above_min = true,
                            .about = "cap on what all jobs with noise of the aggregator's may spend"});
  table.Optional(
      "delta", &delta,
      ConfigRule{.min = 0, .max = 1, .above_min = true, .about = "absent: by the number of clients"});
  table.Optional("accountant", &terms.domain.accountant, kAccountantWords, "which bound the cap is held to");
  if (!is_there) return std::nullopt;
  if (!clients || !epsilon) {
    table.Fail(clients ? "epsilon" : "clients", "must be there: a budget is a cap for so many clients");
    return std::nullopt;
  }
  const auto checked = delta ? Delta::ForPopulation(*delta, *clients) : Delta::DefaultFor(*clients);
  if (!checked.ok()) {
    table.Fail("delta", checked.status());
    return std::nullopt;
  }
  terms.clients = *clients;
  terms.domain.cap = {*epsilon, *checked};
  return terms;
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
  config.privacy = ReadCentralTerms(root.Table("privacy"), root.Has("privacy"));
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

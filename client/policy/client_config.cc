#include "client/policy/client_config.h"

#include <charconv>
#include <string_view>

namespace cairn {
namespace {

constexpr double kBytesPerMegabyte = 1e6;

constexpr ConfigChoice<ApprovalMode> kApprovals[] = {
    {"by-hash", ApprovalMode::kManual}, {"manual", ApprovalMode::kManual}, {"auto", ApprovalMode::kAuto}};
constexpr ConfigChoice<SecAggPolicy> kSecAggs[] = {{"required", SecAggPolicy::kRequired},
                                                   {"plain-ok", SecAggPolicy::kPlainOk},
                                                   {"grouped-ok", SecAggPolicy::kGroupedOk}};
constexpr ConfigChoice<SandboxPolicy> kSandboxes[] = {{"required", SandboxPolicy::kRequired},
                                                      {"best-effort", SandboxPolicy::kBestEffort}};

bool IsAddress(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view host = address.substr(0, colon), port = address.substr(colon + 1);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (!is_bracketed && host.find_first_of(":/ []") != std::string_view::npos) return false;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc() && end == port.data() + port.size() && number >= 1 && number <= 65535;
}

void ReadPath(ConfigReader& reader, std::string_view key, std::filesystem::path* path,
              std::string_view about) {
  std::string text = path->string();
  reader.Optional(key, &text, {.about = about});
  *path = text;
}

void ReadDatasetRules(ConfigReader policy, std::vector<DatasetRule>* rules) {
  ConfigReader tables = policy.Table("dataset");
  for (const std::string& name : tables.Keys()) {
    ConfigReader table = tables.Table(name);
    DatasetRule rule{.dataset = name, .jobs = {}};
    table.Required("jobs", &rule.jobs, {.about = "patterns of job names that may use this data set"});
    table.Optional("require_privacy", &rule.require_privacy,
                   {.about = "only jobs with differential privacy may use this data set"});
    rules->push_back(std::move(rule));
  }
}

void ReadNetwork(ConfigReader& reader, ClientConfig* config) {
  ConfigReader aggregator = reader.Table("aggregator");
  aggregator.Required("address", &config->aggregator_address, {.about = "host:port of the aggregator"});
  if (!config->aggregator_address.empty() && !IsAddress(config->aggregator_address)) {
    aggregator.Fail("address", "expected host:port, got '" + config->aggregator_address + "'",
                    "write it like agg.example.org:8443");
  }
  ConfigReader net = reader.Table("net");
  net.Optional("proxy", &config->proxy, {.about = "env, none, or http://host:port"});
  const bool is_proxy =
      config->proxy == "env" || config->proxy == "none" || config->proxy.starts_with("http://");
  if (!is_proxy)
    net.Fail("proxy", "expected \"env\", \"none\" or \"http://host:port\", got '" + config->proxy + "'");
  net.Optional(
      "stall_timeout", &config->stall_timeout,
      {.min = 16, .max = 3600, .about = "a connection on which nothing is heard is cut and dialled again"});
  ConfigReader tls = reader.Table("tls");
  ReadPath(tls, "certificate", &config->certificate,
           "certificate of this site; empty: site.crt in client.state_dir");
  ReadPath(tls, "key", &config->key, "key of this site; empty: site.key in client.state_dir");
  ReadPath(tls, "roots", &config->roots,
           "certificate of the federation's root; empty: roots.crt in client.state_dir");
}

void ReadDatasets(ConfigReader& reader, ClientConfig* config) {
  ConfigReader datasets = reader.Table("dataset");
  for (const std::string& name : datasets.Keys()) {
    const ConfigValue* table = datasets.Free(name, "where the data set lies and how it is read");
    if (table == nullptr) continue;
    if (table->kind != ConfigValue::Kind::kTable) {
      datasets.Fail(name, "expected a table", "write [dataset." + ToTomlKey(name) + "] with reader and path");
      continue;
    }
    config->dataset_toml.emplace(name, ToToml(*table));
  }
}

// A policy for data that is not there is a slip of the pen that would refuse jobs without a word.
void CheckRulesHaveData(ConfigReader& reader, const ClientConfig& config) {
  ConfigReader rules = reader.Table("policy").Table("dataset");
  for (const DatasetRule& rule : config.policy.datasets) {
    if (rule.dataset == "*" || config.dataset_toml.contains(rule.dataset)) continue;
    rules.Fail(rule.dataset, "there is no [dataset." + ToTomlKey(rule.dataset) + "] table",
               "name the data set under [dataset." + ToTomlKey(rule.dataset) + "], or remove its policy");
  }
}

// A budget for data that is not there would leave the data that is there without one.
void CheckDomainsHaveData(ConfigReader& reader, const ClientConfig& config) {
  ConfigReader domains = reader.Table("privacy").Table("domain");
  for (const PrivacyDomain& domain : config.privacy_domains) {
    for (const std::string& dataset : domain.datasets) {
      if (config.dataset_toml.contains(dataset)) continue;
      domains.Table(domain.name)
          .Fail("datasets", "there is no [dataset." + ToTomlKey(dataset) + "] table",
                "name the data set under [dataset." + ToTomlKey(dataset) + "], or take it out of the domain");
    }
  }
}

std::filesystem::path Or(const std::filesystem::path& given, const std::filesystem::path& fallback) {
  return given.empty() ? fallback : given;
}

}  // namespace

std::filesystem::path ClientConfig::certificate_file() const {
  return Or(certificate, state_dir / "site.crt");
}
std::filesystem::path ClientConfig::key_file() const { return Or(key, state_dir / "site.key"); }
std::filesystem::path ClientConfig::roots_file() const { return Or(roots, state_dir / "roots.crt"); }

SitePolicy ReadSitePolicy(ConfigReader policy) {
  SitePolicy site;
  policy.Optional("approval", &site.approval, kApprovals, "who says yes to a job that this policy allows");
  policy.Optional("secagg", &site.secagg, kSecAggs,
                  "plain-ok: updates may leave unmasked where the job says so too");
  policy.Optional("sandbox", &site.sandbox, kSandboxes, "what happens where the worker cannot be confined");
  policy.Optional("share_site_metrics", &site.share_site_metrics,
                  {.about = "let the aggregator read this site's own metrics"});
  policy.Optional("min_cohort", &site.min_cohort,
                  {.min = 1, .about = "fewest reports a round's sum may hold"});
  policy.Optional("min_examples", &site.min_examples,
                  {.min = 1, .about = "fewest rows an update is made from"});
  double megabytes = static_cast<double>(site.max_upload_bytes_per_round) / kBytesPerMegabyte;
  policy.Optional("max_upload_mb_per_round", &megabytes,
                  {.min = 0, .max = 1e9, .above_min = true, .about = "largest report, in 10^6 bytes"});
  site.max_upload_bytes_per_round = static_cast<std::uint64_t>(megabytes * kBytesPerMegabyte);
  ReadDatasetRules(policy, &site.datasets);
  return site;
}

ClientConfig ReadClientConfig(ConfigReader& reader) {
  ClientConfig config;
  std::int64_t schema = 1;
  reader.Optional("schema", &schema, {.min = 1, .max = 1, .about = "version of this file's form"});
  ConfigReader site = reader.Table("site");
  site.Required("name", &config.site, {.about = "this site's name, as in its certificate"});
  site.Required("federation", &config.federation, {.about = "the federation it belongs to"});
  ReadNetwork(reader, &config);
  ConfigReader client = reader.Table("client");
  client.Optional("heartbeat", &config.heartbeat,
                  {.min = 1, .max = 300, .about = "longest pause between signs of life"});
  ReadPath(client, "state_dir", &config.state_dir, "where this agent keeps its state");
  ReadPath(client, "socket", &config.socket, "where local commands reach this agent");
  config.policy = ReadSitePolicy(reader.Table("policy"));
  ReadDatasets(reader, &config);
  CheckRulesHaveData(reader, config);
  config.privacy_domains = ReadPrivacyDomains(reader.Table("privacy"));
  CheckDomainsHaveData(reader, config);
  return config;
}

Result<ClientConfig> ParseClientConfig(const ConfigDocument& document) {
  ConfigReader reader(document);
  ClientConfig config = ReadClientConfig(reader);
  CAIRN_RETURN_IF_ERROR(reader.Finish());
  return config;
}

}  // namespace cairn

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "client/policy/privacy_domain.h"
#include "client/policy/site_policy.h"
#include "core/base/clock.h"
#include "core/base/config.h"
#include "core/base/config_reader.h"
#include "core/base/result.h"

namespace cairn {

// What client.toml says. Paths are taken as written, relative ones from the working folder.
struct ClientConfig {
  std::string site, federation;
  std::string aggregator_address;  // host:port; [::1]:8443 for IPv6
  std::string proxy = "env";       // env | none | http://host:port
  Duration stall_timeout = std::chrono::seconds(60);
  Duration heartbeat = std::chrono::seconds(15);
  std::filesystem::path state_dir = "/var/lib/cairn/client";
  std::filesystem::path socket = "/run/cairn/client.sock";  // for local commands
  // Empty ones stand for site.crt, site.key and roots.crt in state_dir.
  std::filesystem::path certificate, key, roots;
  SitePolicy policy;
  std::vector<PrivacyDomain> privacy_domains;  // none: no private job can be taken part in
  // Each [dataset.NAME] table as canonical TOML. Only the worker reads what is inside.
  std::map<std::string, std::string> dataset_toml;

  std::filesystem::path certificate_file() const;
  std::filesystem::path key_file() const;
  std::filesystem::path roots_file() const;
};

// Reads the [policy] table. Faults are reported by reader.Finish().
SitePolicy ReadSitePolicy(ConfigReader policy);

// Reads the whole of client.toml without finishing, so that ConfigReader::Describe can ask too.
ClientConfig ReadClientConfig(ConfigReader& reader);

// ReadClientConfig and Finish. Errors: 11xx with file:line:column; kConfigValue for a policy about a
// data set, or a privacy domain of one, that has no [dataset.NAME] table.
Result<ClientConfig> ParseClientConfig(const ConfigDocument& document);

}  // namespace cairn

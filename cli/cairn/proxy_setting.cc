#include "cli/cairn/proxy_setting.h"

#include <cstdlib>
#include <string>

namespace cairn {
namespace {

std::string Variable(const char* small, const char* capital) {
  for (const char* name : {small, capital}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  return {};
}

}  // namespace

Result<std::optional<Proxy>> ProxyOf(std::string_view setting, const Endpoint& aggregator) {
  if (setting != "env" && setting != "none" && !Proxy::Parse(setting).has_value()) {
    return Status(errors::kConfigValue,
                  "proxy: expected env, none or http://host:port, got '" + std::string(setting) + "'");
  }
  const ProxyEnvironment environment{Variable("https_proxy", "HTTPS_PROXY"),
                                     Variable("no_proxy", "NO_PROXY")};
  return ChooseProxy(setting, environment, aggregator);
}

}  // namespace cairn

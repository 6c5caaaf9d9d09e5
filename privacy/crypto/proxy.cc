#include "privacy/crypto/proxy.h"

namespace cairn {
namespace {

constexpr std::string_view kScheme = "http://";

// Whether one entry of no_proxy means this host: itself, or a domain above it with or without its dot.
bool Means(std::string_view entry, std::string_view host) {
  if (entry == "*") return true;
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.empty() || !host.ends_with(entry)) return false;
  return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

bool IsListed(std::string_view list, std::string_view host) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    std::string_view entry = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    if (Means(entry, host)) return true;
  }
  return false;
}

}  // namespace

std::optional<Proxy> Proxy::Parse(std::string_view url) {
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  Proxy proxy;
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    proxy.credentials = url.substr(0, at);
    url.remove_prefix(at + 1);
  }
  auto endpoint = Endpoint::Parse(url);
  if (!endpoint.has_value()) endpoint = Endpoint::Parse(std::string(url) + ":80");
  if (!endpoint.has_value()) return std::nullopt;
  proxy.endpoint = *std::move(endpoint);
  return proxy;
}

std::string Proxy::url() const { return std::string(kScheme) + endpoint.text(); }

std::optional<Proxy> ChooseProxy(std::string_view setting, const ProxyEnvironment& environment,
                                 const Endpoint& target) {
  if (setting == "none" || IsLoopback(target.host)) return std::nullopt;
  if (setting != "env") return Proxy::Parse(setting);
  if (IsListed(environment.no_proxy, target.host)) return std::nullopt;
  return Proxy::Parse(environment.https_proxy);
}

bool IsLoopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace cairn

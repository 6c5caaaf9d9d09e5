#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "privacy/crypto/endpoint.h"

namespace cairn {

// An HTTP proxy that a member reaches its aggregator through. TLS runs through it end to end: it sees the
// aggregator's name and nothing else.
struct Proxy {
  Endpoint endpoint;
  std::string credentials;  // "user:password", empty without

  // "http://[user:password@]host[:port][/]", port 80 where none is given; nothing else is a proxy.
  static std::optional<Proxy> Parse(std::string_view url);
  std::string url() const;  // without its credentials, for people
  friend bool operator==(const Proxy&, const Proxy&) = default;
};

// What the environment says of proxies, by the names that programs agree on.
struct ProxyEnvironment {
  std::string https_proxy;  // a proxy's address
  std::string no_proxy;     // "host,.suffix,*": reached without it
};

// The proxy for `target`, by the setting "none", "env" or a proxy's address. Never for a loopback address.
// Null: none. An address in the environment that is none is none either.
std::optional<Proxy> ChooseProxy(std::string_view setting, const ProxyEnvironment& environment,
                                 const Endpoint& target);

bool IsLoopback(std::string_view host);

}  // namespace cairn

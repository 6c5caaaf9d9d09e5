#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cairn {

// host:port as people write it; an IPv6 address stands in brackets.
struct Endpoint {
  std::string host;  // host name or address, without brackets
  std::uint16_t port = 0;

  static std::optional<Endpoint> Parse(std::string_view text);
  std::string text() const;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

bool IsHostName(std::string_view name);   // RFC 1123, at most 253 characters, no final dot
bool IsIpAddress(std::string_view text);  // IPv4 or IPv6

}  // namespace cairn

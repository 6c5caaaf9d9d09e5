#include "privacy/crypto/endpoint.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstddef>

namespace cairn {

bool IsHostName(std::string_view name) {
  if (name.empty() || name.size() > 253 || name.back() == '-') return false;
  std::size_t label = 0;
  char last = '.';
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const bool fits = c == '.' ? label > 0 && last != '-' : plain || (c == '-' && label > 0);
    if (!fits) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;
    last = c;
  }
  return label > 0;
}

bool IsIpAddress(std::string_view text) {
  const std::string copy(text);
  if (copy.find('\0') != std::string::npos) return false;
  std::array<std::byte, 16> bytes;
  return inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1;
}

std::optional<Endpoint> Endpoint::Parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool has_colon = host.find(':') != std::string_view::npos;
  if (bracketed != has_colon || !(IsIpAddress(host) || (!has_colon && IsHostName(host)))) return std::nullopt;
  Endpoint endpoint{std::string(host)};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc() || end != port.data() + port.size() || endpoint.port == 0 || port.front() == '0')
    return std::nullopt;
  return endpoint;
}

std::string Endpoint::text() const {
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace cairn

#include "privacy/crypto/proxy_tunnel.h"

#include <openssl/evp.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "privacy/crypto/text_codec.h"
#include "privacy/crypto/tls_diagnosis.h"

namespace cairn {
namespace {

constexpr std::size_t kMaxAnswer = 16 << 10;

std::string Basic(std::string_view credentials) {
  std::string encoded(4 * ((credentials.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                   reinterpret_cast<const unsigned char*>(credentials.data()),
                                   static_cast<int>(credentials.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

std::string RequestFor(const Proxy& proxy, const Endpoint& target) {
  std::string request = "CONNECT " + target.text() + " HTTP/1.1\r\nHost: " + target.text() + "\r\n";
  if (!proxy.credentials.empty())
    request += "Proxy-Authorization: Basic " + Basic(proxy.credentials) + "\r\n";
  return request + "\r\n";
}

Status SendAll(const TcpSocket& socket, std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if ((errno != EAGAIN && errno != EINTR) || !socket.WaitWritable(deadline)) {
      return Status(errors::kNetLost, "the proxy went away");
    }
  }
  return {};
}

// Byte by byte: what comes behind the empty line belongs to the tunnel.
Result<std::string> ReceiveHead(const TcpSocket& socket, Deadline deadline) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    char byte = 0;
    const ssize_t got = recv(socket.fd(), &byte, 1, 0);
    if (got == 1) {
      head += byte;
      if (head.size() > kMaxAnswer) return Status(errors::kNetProxy, "the proxy's answer does not end");
    } else if (got == 0) {
      return Status(errors::kNetProxy, "the proxy hung up when it was asked for a tunnel");
    } else if ((errno != EAGAIN && errno != EINTR) || !socket.WaitReadable(deadline)) {
      return Status(errors::kNetLost, "the proxy did not answer in time");
    }
  }
  return head;
}

}  // namespace

Status OpenTunnel(const TcpSocket& socket, const Proxy& proxy, const Endpoint& target, Duration timeout) {
  const Deadline deadline = After(timeout);
  CAIRN_RETURN_IF_ERROR(SendAll(socket, RequestFor(proxy, target), deadline));
  CAIRN_ASSIGN_OR_RETURN(const std::string head, ReceiveHead(socket, deadline));
  const std::string_view line = std::string_view(head).substr(0, head.find("\r\n"));
  const bool is_http = line.starts_with("HTTP/1.") && line.size() >= 12;
  if (is_http && line[9] == '2') return {};
  return Status(errors::kNetProxy, "the proxy answered " + Excerpt(AsBytes(line.substr(0, 80))));
}

}  // namespace cairn

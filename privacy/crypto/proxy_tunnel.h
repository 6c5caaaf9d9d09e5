#pragma once

#include "core/base/result.h"
#include "privacy/crypto/proxy.h"
#include "privacy/crypto/tcp_socket.h"

namespace cairn {

// Asks the HTTP proxy at the other end of `socket` for a tunnel to `target` (CONNECT, RFC 9110
// section 9.3.6). Takes not one byte of what follows the proxy's answer. Errors: kNetProxy, with the proxy's
// words; kNetLost. For this folder only.
Status OpenTunnel(const TcpSocket& socket, const Proxy& proxy, const Endpoint& target, Duration timeout);

}  // namespace cairn

#pragma once

#include <string>

#include "core/base/status.h"

namespace cairn {

// Can this process listen on host:port? gRPC does not say why a port cannot be had; this does:
// kNetPortInUse, kNetResolve. The port is free again afterwards. Inside of protocol/grpc.
Status CheckListenable(const std::string& address);

}  // namespace cairn

#include "protocol/grpc/listening.h"

#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "core/runtime/unique_fd.h"

namespace cairn {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

Status TryBind(const addrinfo& where, const std::string& address) {
  const UniqueFd fd(socket(where.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return {};  // gRPC will say
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // a port in TIME_WAIT is free
  if (bind(fd.get(), where.ai_addr, where.ai_addrlen) == 0 && listen(fd.get(), 1) == 0) return {};
  const std::string what = "cannot listen on " + address + ": " + std::strerror(errno);
  return Status(errno == EADDRNOTAVAIL ? errors::kNetResolve : errors::kNetPortInUse, what);
}

}  // namespace

Status CheckListenable(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  if (error != 0)
    return Status(errors::kNetResolve, "cannot listen on " + address + ": " + gai_strerror(error));
  return TryBind(*list, address);
}

}  // namespace cairn

#include "privacy/crypto/tcp_socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace cairn {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

bool WaitFor(int fd, short events, Deadline deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd entry{fd, events, 0};
    const int ready = poll(&entry, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000)));
    if (ready > 0) return true;
    if (ready == 0 && left.count() <= 60'000) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

Result<Addresses> Resolve(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &list);
  if (error != 0) {
    return Status(errors::kNetResolve,
                  "the name '" + endpoint.host + "' does not resolve: " + gai_strerror(error));
  }
  return Addresses(list);
}

std::string AddressText(const addrinfo& address) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  getnameinfo(address.ai_addr, address.ai_addrlen, host.data(), host.size(), port.data(), port.size(),
              NI_NUMERICHOST | NI_NUMERICSERV);
  const std::string name(host.data());
  return (name.find(':') == std::string::npos ? name : "[" + name + "]") + ":" + port.data();
}

// Zero, or the reason as an errno value; fd becomes the connected socket.
int ConnectOne(const addrinfo& address, Deadline deadline, int& fd) {
  fd = socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
  if (fd < 0) return errno;
  if (connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  int error = errno;
  if (error == EINPROGRESS) {
    error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (WaitFor(fd, POLLOUT, deadline)) getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error != 0) close(std::exchange(fd, -1));
  return error;
}

}  // namespace

Result<TcpSocket> TcpSocket::Connect(const Endpoint& endpoint, Duration timeout) {
  CAIRN_ASSIGN_OR_RETURN(const Addresses addresses, Resolve(endpoint));
  const Deadline deadline = After(timeout);
  std::string tried;
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    int fd = -1;
    const int error = ConnectOne(*address, deadline, fd);
    if (error == 0) return TcpSocket(fd, AddressText(*address));
    tried +=
        (tried.empty() ? "" : ", ") + AddressText(*address) + ": " + std::generic_category().message(error);
  }
  return Status(errors::kNetRefused, "nothing answers at " + endpoint.text() + " (" + tried + ")");
}

TcpSocket::TcpSocket(TcpSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), peer_(std::move(other.peer_)) {}
TcpSocket::~TcpSocket() {
  if (fd_ >= 0) close(fd_);
}
SigpipeBlocked::SigpipeBlocked() {
  sigset_t pending, pipe;
  sigpending(&pending);
  was_pending_ = sigismember(&pending, SIGPIPE) == 1;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before_);
}

SigpipeBlocked::~SigpipeBlocked() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  const timespec at_once{0, 0};
  if (!was_pending_) sigtimedwait(&pipe, nullptr, &at_once);  // takes our own away
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool TcpSocket::WaitReadable(Deadline deadline) const { return WaitFor(fd_, POLLIN, deadline); }
bool TcpSocket::WaitWritable(Deadline deadline) const { return WaitFor(fd_, POLLOUT, deadline); }

}  // namespace cairn

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/check.h"
#include "core/runtime/unique_fd.h"
#include "loopback.h"

namespace cairn {
namespace {

sockaddr_in Address(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool WriteAll(int fd, const char* data, ssize_t size) {
  while (size > 0) {
    const ssize_t wrote = send(fd, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (wrote <= 0) return false;
    data += wrote;
    size -= wrote;
  }
  return true;
}

}  // namespace

class CuttingProxy::Core {
 public:
  Core(std::uint16_t target, std::uint64_t limit, Kind kind) : target_(target), kind_(kind), limit_(limit) {
    listener_ = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = Address(0);
    CAIRN_CHECK(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
                "a free port");
    CAIRN_CHECK(listen(listener_.get(), 8) == 0, "listen");
    socklen_t size = sizeof address;
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    CAIRN_CHECK(pipe(wake_.data()) == 0, "pipe");
    thread_ = std::thread([this] { Serve(); });
  }
  ~Core() {
    CAIRN_CHECK(write(wake_[1], "x", 1) == 1, "wake");
    thread_.join();
    close(wake_[0]);
    close(wake_[1]);
  }
  std::uint16_t port() const { return port_; }

 private:
  void Serve() {
    for (;;) {
      std::array<pollfd, 2> fds = {pollfd{listener_.get(), POLLIN, 0}, pollfd{wake_[0], POLLIN, 0}};
      poll(fds.data(), fds.size(), -1);
      if (fds[1].revents != 0) return;
      const UniqueFd client(accept(listener_.get(), nullptr, nullptr));
      const UniqueFd server(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const sockaddr_in address = Address(target_);
      if (connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) continue;
      if (kind_ == Kind::kHttp && !AnswerConnect(client.get())) continue;
      if (!Forward(client.get(), server.get())) return;
    }
  }

  static bool AnswerConnect(int client) {
    std::string request;
    char c = 0;
    while (!request.ends_with("\r\n\r\n")) {
      if (recv(client, &c, 1, 0) != 1) return false;
      request += c;
    }
    constexpr std::string_view kYes = "HTTP/1.1 200 OK\r\n\r\n";
    return request.starts_with("CONNECT ") && WriteAll(client, kYes.data(), kYes.size());
  }

  // One connection at a time; false when asked to stop.
  bool Forward(int client, int server) {
    std::vector<char> buffer(1 << 16);
    for (;;) {
      std::array<pollfd, 3> fds = {pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0},
                                   pollfd{wake_[0], POLLIN, 0}};
      poll(fds.data(), fds.size(), -1);
      if (fds[2].revents != 0) return false;
      for (int from = 0; from < 2; ++from) {
        if (fds[static_cast<std::size_t>(from)].revents == 0) continue;
        const ssize_t got = recv(from == 0 ? client : server, buffer.data(), buffer.size(), 0);
        if (got <= 0 || !WriteAll(from == 0 ? server : client, buffer.data(), got)) return true;
        if (from == 0) passed_ += static_cast<std::uint64_t>(got);
      }
      if (limit_ != 0 && passed_ > limit_) {
        limit_ = 0;
        return true;  // both ends are closed here
      }
    }
  }

  const std::uint16_t target_;
  const Kind kind_;
  std::uint64_t limit_, passed_ = 0;
  UniqueFd listener_;
  std::array<int, 2> wake_{};
  std::uint16_t port_ = 0;
  std::thread thread_;
};

CuttingProxy::CuttingProxy(std::uint16_t target, std::uint64_t limit, Kind kind)
    : core_(std::make_unique<Core>(target, limit, kind)) {
  port_ = core_->port();
}
CuttingProxy::~CuttingProxy() = default;

}  // namespace cairn

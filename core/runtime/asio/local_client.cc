#include "core/runtime/asio/local_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "core/runtime/asio/local_socket.h"
#include "core/runtime/io_error.h"

namespace cairn {
namespace {

constexpr std::size_t kReadSize = std::size_t{64} << 10;

// Waits until the socket is ready; false when patience ends first.
bool WaitUntil(int fd, short event, Duration patience) {
  using std::chrono::milliseconds;
  const auto limit = std::chrono::duration_cast<milliseconds>(patience).count();
  const bool is_endless = limit > std::numeric_limits<int>::max();
  pollfd waiting{fd, event, 0};
  int ready = 0;
  do ready = poll(&waiting, 1, is_endless ? -1 : static_cast<int>(limit));
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

Status TooSlow(const std::filesystem::path& path) {
  return Status(errors::kNetLost, "the daemon at " + path.string() + " does not answer in time");
}

}  // namespace

Result<LocalClient> LocalClient::Connect(const std::filesystem::path& path) {
  CAIRN_ASSIGN_OR_RETURN(UniqueFd fd, ConnectLocal(path));
  return LocalClient(path, std::move(fd));
}

Status LocalClient::SendAll(std::string_view bytes, Duration patience) {
  while (!bytes.empty()) {
    if (!WaitUntil(fd_.get(), POLLOUT, patience)) return TooSlow(path_);
    const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent < 0) return Status(errors::kNetLost, "the daemon at " + path_.string() + " hung up");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return Status::Ok();
}

Result<std::size_t> LocalClient::Receive(char* buffer, std::size_t size, Duration patience) {
  while (true) {
    if (!WaitUntil(fd_.get(), POLLIN, patience)) return TooSlow(path_);
    const ssize_t received = recv(fd_.get(), buffer, size, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received > 0) return static_cast<std::size_t>(received);
    return Status(errors::kNetLost, "the daemon at " + path_.string() + " hung up before its answer ended");
  }
}

Status LocalClient::Stream(const LocalMessage& request, const std::function<bool(LocalMessage)>& on_message,
                           Duration patience) {
  CAIRN_RETURN_IF_ERROR(SendAll(WipedText(EncodeLocalMessage(request)), patience));
  LocalMessageReader reader(std::numeric_limits<std::uint64_t>::max());  // the daemon is trusted
  std::string buffer(kReadSize, '\0');
  while (true) {
    CAIRN_ASSIGN_OR_RETURN(const std::size_t size, Receive(buffer.data(), buffer.size(), patience));
    std::string_view bytes(buffer.data(), size);
    while (!bytes.empty()) {
      CAIRN_ASSIGN_OR_RETURN(const auto step, reader.Read(bytes));
      if (step == LocalMessageReader::Step::kEnd) return Status::Ok();
      if (step != LocalMessageReader::Step::kMessage) continue;
      if (on_message(reader.Take())) continue;
      fd_.Reset();
      return Status::Ok();
    }
  }
}

Result<LocalMessage> LocalClient::Call(const LocalMessage& request, Duration patience) {
  LocalMessage answer;
  CAIRN_RETURN_IF_ERROR(Stream(
      request,
      [&](LocalMessage message) {
        answer = std::move(message);
        return true;
      },
      patience));
  if (answer.text.empty()) return Status(errors::kNetProtocol, "the daemon's answer is empty");
  return answer;
}

}  // namespace cairn

#include "core/runtime/asio/local_server.h"

#include <utility>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <set>

#include "core/base/log.h"
#include "core/runtime/asio/event_loop_core.h"
#include "core/runtime/asio/local_socket.h"

namespace cairn {
namespace {

using Protocol = boost::asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::size_t kMaxUnread = std::size_t{16} << 20;
constexpr std::size_t kReadSize = std::size_t{64} << 10;

class Connection;
using Connections = std::set<std::shared_ptr<Connection>>;

// What all connections of a server share; they may outlive it by a turn of the loop.
struct Shared {
  LocalServerConfig config;
  LocalServer::Handler handler;
  Connections connections;
};

LocalPeer PeerOf(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  // Nobody, rather than root, when the kernel does not tell.
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return {~0U, ~0U, 0};
  return {credentials.uid, credentials.gid, credentials.pid};
}

// One connection: reads a request, hands it over, writes the answer, reads the next.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Protocol::socket socket, std::shared_ptr<Shared> shared)
      : socket_(std::move(socket)),
        patience_(socket_.get_executor()),
        shared_(std::move(shared)),
        reader_(shared_->config.max_attachment),
        peer_(PeerOf(socket_.native_handle())) {}

  void Start() { ReadMore(); }

  void Close() {
    error_code ignored;
    socket_.close(ignored);
    patience_.cancel();
    shared_->connections.erase(shared_from_this());
  }

  bool Send(std::string bytes) {
    if (!socket_.is_open()) return false;
    if (unread_ > kMaxUnread) {
      Close();
      return false;
    }
    unread_ += bytes.size();
    outgoing_.push_back(std::move(bytes));
    if (outgoing_.size() == 1) Write();
    return true;
  }

  void EndAnswer() {
    is_answering_ = false;
    Send(EncodeLocalEnd());
    // Not from inside the handler: requests that already wait would nest.
    boost::asio::post(socket_.get_executor(), [self = shared_from_this()] { self->Continue(); });
  }

 private:
  class Answer;

  void ReadMore() {
    patience_.expires_after(shared_->config.patience);
    patience_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && !self->is_answering_) self->Close();
    });
    WaitForBytes();
  }

  void WaitForBytes() {
    socket_.async_read_some(boost::asio::buffer(buffer_),
                            [self = shared_from_this()](const error_code& error, std::size_t size) {
                              if (error) return self->Close();
                              self->pending_ = std::string_view(self->buffer_.data(), size);
                              self->Continue();
                            });
  }

  // Goes on with the bytes that are here. While an answer is under way nothing is read: that is the
  // back-pressure on a peer that asks faster than it listens.
  void Continue() {
    if (!socket_.is_open() || is_answering_) return;
    const auto step = ReadPending();
    if (!step.ok() || *step == LocalMessageReader::Step::kEnd) return Close();
    if (*step == LocalMessageReader::Step::kNeedsMore) return ReadMore();
    Serve();
  }

  // What is read is wiped: it may have been a passphrase.
  Result<LocalMessageReader::Step> ReadPending() {
    const std::size_t before = pending_.size(),
                      at = static_cast<std::size_t>(pending_.data() - buffer_.data());
    auto step = reader_.Read(pending_);
    explicit_bzero(buffer_.data() + at, before - pending_.size());
    return step;
  }

  void Serve();
  void WatchForHangUp();

  void Write() {
    boost::asio::async_write(socket_, boost::asio::buffer(outgoing_.front()),
                             [self = shared_from_this()](const error_code& error, std::size_t) {
                               if (error) return self->Close();
                               self->unread_ -= self->outgoing_.front().size();
                               self->outgoing_.pop_front();
                               if (!self->outgoing_.empty()) self->Write();
                             });
  }

  Protocol::socket socket_;
  boost::asio::steady_timer patience_;
  std::shared_ptr<Shared> shared_;
  LocalMessageReader reader_;
  const LocalPeer peer_;
  std::array<char, kReadSize> buffer_{};
  std::string_view pending_{buffer_.data(), 0};  // of buffer_, not yet parsed
  std::deque<std::string> outgoing_;
  std::size_t unread_ = 0;
  bool is_answering_ = false;
};

// The handler's end of a connection; it may outlive it, and then sends to nobody.
class Connection::Answer final : public LocalAnswer {
 public:
  explicit Answer(std::weak_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~Answer() override { End(); }
  bool Send(LocalMessage message) override {
    const auto connection = connection_.lock();
    return connection != nullptr && connection->Send(EncodeLocalMessage(message));
  }
  void End() override {
    if (const auto connection = connection_.lock()) connection->EndAnswer();
    connection_.reset();
  }

 private:
  std::weak_ptr<Connection> connection_;
};

void Connection::Serve() {
  is_answering_ = true;
  patience_.cancel();
  WatchForHangUp();
  shared_->handler(peer_, reader_.Take(), std::make_unique<Answer>(weak_from_this()));
}

// A stream with nothing to send would otherwise never notice that its listener left.
void Connection::WatchForHangUp() {
  if (!pending_.empty()) return;  // it has asked more already, so it is there
  socket_.async_wait(Protocol::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    if (error || !self->is_answering_) return;
    char byte = 0;
    if (recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) self->Close();
  });
}

}  // namespace

class LocalServer::Core : public std::enable_shared_from_this<LocalServer::Core> {
 public:
  Core(boost::asio::io_context& context, LocalServerConfig config, Handler handler)
      : acceptor_(context), pause_(context), shared_(std::make_shared<Shared>()) {
    shared_->config = std::move(config);
    shared_->handler = std::move(handler);
  }

  Status Listen() {
    CAIRN_ASSIGN_OR_RETURN(UniqueFd fd, ListenLocal(shared_->config.path));
    acceptor_.assign(Protocol(), fd.Release());
    Accept();
    return Status::Ok();
  }

  void Close() {
    if (!acceptor_.is_open()) return;
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    unlink(shared_->config.path.c_str());
    const Connections connections = shared_->connections;
    for (const auto& connection : connections) connection->Close();
  }

 private:
  void Accept() {
    acceptor_.async_accept([self = shared_from_this()](const error_code& error, Protocol::socket socket) {
      if (!self->acceptor_.is_open()) return;
      if (error) return self->AcceptLater(error);
      if (std::exchange(self->is_short_, false))
        Log(LogLevel::kInfo, "admin", "connections are taken in again");
      if (self->shared_->connections.size() < self->shared_->config.max_connections) {
        const auto connection = std::make_shared<Connection>(std::move(socket), self->shared_);
        self->shared_->connections.insert(connection);
        connection->Start();
      }
      self->Accept();
    });
  }

  // Out of descriptors or memory: the connection stays in the queue, so to try at once would fail at once.
  void AcceptLater(const error_code& error) {
    if (!std::exchange(is_short_, true))
      Log(LogLevel::kWarning, "admin", "connections have to wait", {{"reason", error.message()}});
    pause_.expires_after(shared_->config.accept_pause);
    pause_.async_wait([self = shared_from_this()](const error_code&) {
      if (self->acceptor_.is_open()) self->Accept();
    });
  }

  Protocol::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  bool is_short_ = false;
  std::shared_ptr<Shared> shared_;
};

Result<std::unique_ptr<LocalServer>> LocalServer::Start(EventLoop& loop, LocalServerConfig config,
                                                        Handler handler) {
  auto core = std::make_shared<Core>(loop.core_->context(), std::move(config), std::move(handler));
  CAIRN_RETURN_IF_ERROR(core->Listen());
  return std::unique_ptr<LocalServer>(new LocalServer(std::move(core)));
}

LocalServer::~LocalServer() { core_->Close(); }

}  // namespace cairn

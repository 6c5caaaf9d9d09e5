#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/runtime/asio/event_loop.h"
#include "core/runtime/asio/local_protocol.h"

namespace cairn {

// Who asks, as the kernel tells it: the actor of the audit log.
struct LocalPeer {
  std::uint32_t uid = 0, gid = 0;
  int pid = 0;
};

// The answer to one request: any number of messages, then the end, which the destructor sends when
// nobody else did. Belongs to the loop's thread; may be kept for later (`job watch`).
class LocalAnswer {
 public:
  virtual ~LocalAnswer() = default;
  // False when the other side is gone or no longer reads (more than 16 MiB wait for it): stop sending.
  virtual bool Send(LocalMessage message) = 0;
  virtual void End() = 0;
};

struct LocalServerConfig {
  std::filesystem::path path;                    // the socket, 0660
  std::uint64_t max_attachment = 64 << 20;       // of a request
  std::size_t max_connections = 64;              // further ones are closed at once
  Duration patience = std::chrono::seconds(30);  // for the next bytes of a peer
  // Between two tries to take in a connection while the system has no descriptor or memory for it.
  Duration accept_pause = std::chrono::milliseconds(100);
};

// The admin socket of a daemon. Requests of one connection are answered one after another; those of
// several interleave. A peer that breaks the protocol loses its connection and nothing else.
class LocalServer {
 public:
  using Handler = std::function<void(const LocalPeer&, LocalMessage request, std::unique_ptr<LocalAnswer>)>;

  // Listens at once; the handler runs on the loop's thread. A stale socket is removed; kStorageLocked when
  // a living daemon answers on it; kStorageIo when the path is too long or taken by something else.
  static Result<std::unique_ptr<LocalServer>> Start(EventLoop& loop, LocalServerConfig config,
                                                    Handler handler);
  // Removes the socket and drops its connections. The loop must still exist.
  ~LocalServer();

 private:
  class Core;
  explicit LocalServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  std::shared_ptr<Core> core_;  // shared: callbacks in flight may outlive the server by a turn of the loop
};

}  // namespace cairn

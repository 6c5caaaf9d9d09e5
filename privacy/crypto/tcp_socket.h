#pragma once

#include <signal.h>

#include <chrono>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "privacy/crypto/endpoint.h"

// A client's TCP connection with deadlines, as little as the probe needs. For this folder only.

namespace cairn {

using Deadline = std::chrono::steady_clock::time_point;
inline Deadline After(Duration duration) {
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(duration);
}

class TcpSocket {
 public:
  // Tries every address of the name in turn. Errors: kNetResolve, kNetRefused.
  static Result<TcpSocket> Connect(const Endpoint& endpoint, Duration timeout);

  TcpSocket(TcpSocket&& other) noexcept;
  TcpSocket& operator=(TcpSocket&& other) = delete;
  ~TcpSocket();

  int fd() const { return fd_; }
  const std::string& peer() const { return peer_; }
  // False when the deadline came first.
  bool WaitReadable(Deadline deadline) const;
  bool WaitWritable(Deadline deadline) const;

 private:
  TcpSocket(int fd, std::string peer) : fd_(fd), peer_(std::move(peer)) {}
  int fd_;
  std::string peer_;
};

// While it lives, writing to a socket whose peer is gone is an error on this thread and not the end of
// the process.
class SigpipeBlocked {
 public:
  SigpipeBlocked();
  SigpipeBlocked(const SigpipeBlocked&) = delete;
  SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;
  ~SigpipeBlocked();

 private:
  sigset_t before_;
  bool was_pending_ = false;
};

}  // namespace cairn

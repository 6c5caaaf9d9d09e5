#pragma once

#include <string>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/status.h"
#include "protocol/messages/messages.h"

namespace cairn {

// Who is at the other end, as proved by its certificate (in process: as configured).
struct PeerInfo {
  std::string federation, role, name;
};

// Callbacks of a server transport. They only decode and post: implementations hand the event to
// the control thread and return. Called from transport threads, in order for one session.
class ServerHandler {
 public:
  virtual ~ServerHandler() = default;
  virtual void OnOpen(SessionId session, PeerInfo peer) = 0;
  virtual void OnMessage(SessionId session, ClientMessage message) = 0;
  virtual void OnClose(SessionId session, Status reason) = 0;  // exactly once an OnOpen
};

// What a transport must know to receive blobs for a job: the layout it checks before the engine sees
// anything.
class BlobCatalog {
 public:
  virtual ~BlobCatalog() = default;
  // Layout of the update a report of this job carries; an error when the job is unknown. Thread-safe.
  virtual Result<UpdateLayout> LayoutFor(JobId job) const = 0;
  // Whether a report of this job may bring a masked vector of so many bytes. Thread-safe.
  virtual bool TakesMasked(JobId job, std::uint64_t bytes) const {
    static_cast<void>(job), static_cast<void>(bytes);
    return false;
  }
  // A model version that sites may fetch; null when unknown. Thread-safe.
  virtual ModelHandle FindModel(const BlobRef& ref) const = 0;
};

// Thread-safe.
class ServerTransport {
 public:
  virtual ~ServerTransport() = default;
  virtual Status Start(ServerHandler& handler, const BlobCatalog& catalog) = 0;
  virtual void Send(SessionId session, ServerMessage message) = 0;  // dropped when the session is gone
  virtual void Close(SessionId session, Status reason) = 0;
  virtual void Shutdown(Duration grace) = 0;
};

class ClientHandler {
 public:
  virtual ~ClientHandler() = default;
  virtual void OnOpen() = 0;
  virtual void OnMessage(ServerMessage message) = 0;
  virtual void OnClose(Status reason) = 0;  // exactly once an Open, whether or not OnOpen came
};

// One stream to the aggregator. Open may be called again after OnClose. Thread-safe.
class ClientChannel {
 public:
  virtual ~ClientChannel() = default;
  virtual void Open(ClientHandler& handler) = 0;
  virtual void Send(ClientMessage message) = 0;
  virtual void Close() = 0;
  // The client side must know the shape of models it fetches: called when a manifest is accepted.
  virtual void LearnJob(JobId job, ParameterSpec spec) = 0;
};

}  // namespace cairn

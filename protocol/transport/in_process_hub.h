#pragma once

#include <cstdint>
#include <memory>

#include "protocol/transport/transport.h"

namespace cairn {

// direct: messages move as they are, vectors as handles. wire: every message and vector becomes
// bytes, cut into checked chunks, and is decoded and limit-checked on the other side, so nothing
// aliases and whatever a real peer could not send cannot be sent here either. Both give equal numbers.
enum class TransportMode : std::uint8_t { kDirect, kWire };

// The aggregator's transport and any number of clients' channels within one process.
//
//   InProcessHub hub(TransportMode::kDirect);
//   hub.server().Start(aggregator, catalog);
//   auto channel = hub.NewChannel({.federation = "f", .role = "site", .name = "site-0"});
//   channel->Open(agent);
//
// Delivery is immediate: Open, Send and Close call the other side's handler before they return. What a
// handler sends in turn waits in one queue until it has returned, so no handler is ever entered twice
// and the order is the same in every run. Calls from several threads are safe; whichever finds the
// queue idle delivers. Handlers outlive the hub; channels may go in any order.
class InProcessHub {
 public:
  explicit InProcessHub(TransportMode mode);
  ~InProcessHub();
  InProcessHub(const InProcessHub&) = delete;
  InProcessHub& operator=(const InProcessHub&) = delete;

  ServerTransport& server();
  std::unique_ptr<ClientChannel> NewChannel(PeerInfo peer);
  // Bytes of all messages, updates and models so far, to the aggregator and from it; in wire mode.
  struct Traffic {
    std::uint64_t up = 0, down = 0;
  };
  Traffic traffic() const;
  // Ends a session as a lost network does: both sides hear `reason`.
  void Cut(SessionId session, Status reason);

 private:
  class Core;
  class Server;
  class Channel;
  std::shared_ptr<Core> core_;  // shared with the channels, which may outlive the hub
  std::unique_ptr<Server> server_;
};

}  // namespace cairn

#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "core/base/result.h"
#include "protocol/messages/messages.h"

// Inside of protocol/grpc.

namespace cairn {

// What the aggregator has said and the site has not heard yet. A plan at the front keeps what is behind it
// waiting until its model is here. Nothing tells the aggregator to pause meanwhile, since the model comes on
// the same stream: so there is a bound, the same as for what an aggregator keeps for a site that does not
// read. Not thread-safe.
class Inbox {
 public:
  static constexpr std::size_t kMaxMessages = 1024;
  static constexpr std::size_t kMaxBytes = std::size_t{8} << 20;

  // `bytes` is the encoded size. kNetLost where it is too much: the session cannot go on without it.
  Status Push(ServerMessage message, std::size_t bytes);
  // A plan still waiting for its model is not worth the download once its attempt is closed.
  void DropPlansOf(const RoundKey& key);

  bool empty() const { return waiting_.empty(); }
  ServerMessage& front() { return waiting_.front().message; }
  ServerMessage Pop();

 private:
  struct Waiting {
    ServerMessage message;
    std::size_t bytes;
  };
  std::deque<Waiting> waiting_;
  std::size_t bytes_ = 0;
};

}  // namespace cairn

#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "core/base/clock.h"
#include "core/base/event.h"
#include "core/base/status.h"
#include "privacy/crypto/peer_identity.h"

namespace cairn {

// Tells who was turned away and why, so that an operator sees what a site's own log says. A peer that tries
// again and again is told of once in ten minutes for each reason, and of so many peers at most that nobody
// can fill the log or the memory. Thread-safe; sink and clock outlive it.
class RefusalLog {
 public:
  static constexpr Duration kQuiet = std::chrono::minutes(10);
  static constexpr std::size_t kMostRemembered = 1024;  // beyond it everybody waits until some are forgotten

  RefusalLog(EventSink& events, const Clock& clock) : events_(events), clock_(clock) {}
  void Tell(const PeerIdentity& peer, const Status& why);

 private:
  EventSink& events_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::uint32_t>, TimePoint> told_;  // of peer and error, guarded by mutex_
};

}  // namespace cairn

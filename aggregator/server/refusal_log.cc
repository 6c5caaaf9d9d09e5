#include "aggregator/server/refusal_log.h"

namespace cairn {

void RefusalLog::Tell(const PeerIdentity& peer, const Status& why) {
  const TimePoint now = clock_.Now();
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(told_, [&](const auto& entry) { return now - entry.second >= kQuiet; });
    if (told_.size() >= kMostRemembered) return;
    if (!told_.try_emplace({peer.uri(), why.id().value}, now).second) return;
  }
  events_.Emit({DomainEvent::Level::kWarning,
                "peer.refused",
                {{"peer", peer.uri()}, {"id", ToString(why.id())}, {"why", why.what()}}});
}

}  // namespace cairn

#include "aggregator/server/refusal_log.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

class Kept final : public EventSink {
 public:
  void Emit(const DomainEvent& event) override { events.push_back(event); }
  std::vector<DomainEvent> events;
};

PeerIdentity Site(std::string name) { return {"heart", PeerRole::kSite, std::move(name)}; }

TEST(RefusalLogTest, PeerThatTriesAgainAndAgainIsToldOfOnceInAWhile) {
  Kept kept;
  ManualClock clock;
  RefusalLog log(kept, clock);
  const Status revoked(errors::kMemberRevoked, "site-b was revoked");
  for (int i = 0; i < 100; ++i) log.Tell(Site("site-b"), revoked);
  ASSERT_EQ(kept.events.size(), 1u);
  EXPECT_EQ(kept.events[0].name, "peer.refused");
  EXPECT_EQ(std::get<std::string>(kept.events[0].fields[0].second), "spiffe://heart/site/site-b");
  log.Tell(Site("site-b"), Status(errors::kFederationMismatch, "another one"));
  log.Tell(Site("site-c"), revoked);
  EXPECT_EQ(kept.events.size(), 3u) << "another reason and another peer are news";
  clock.Advance(RefusalLog::kQuiet);
  log.Tell(Site("site-b"), revoked);
  EXPECT_EQ(kept.events.size(), 4u);
}

TEST(RefusalLogTest, ManyPeersDoNotFillTheLog) {
  Kept kept;
  ManualClock clock;
  RefusalLog log(kept, clock);
  for (int i = 0; i < 5000; ++i)
    log.Tell(Site("site-" + std::to_string(i)), Status(errors::kMemberRevoked, "unknown"));
  EXPECT_EQ(kept.events.size(), RefusalLog::kMostRemembered);
}

}  // namespace
}  // namespace cairn

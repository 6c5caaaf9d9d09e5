#include <gtest/gtest.h>

#include <set>

#include "tests/unit/client/agent/agent_world.h"

namespace cairn {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(AgentLinkTest, StartOpensTheChannelAndGreetsOnceItIsOpen) {
  AgentWorld world;
  world.Do(AgentStarted{});
  EXPECT_TRUE(world.Has<OpenChannel>());
  EXPECT_EQ(world.Sent<Hello>(), nullptr);

  world.Do(ChannelOpened{});
  ASSERT_NE(world.Sent<Hello>(), nullptr);
  EXPECT_EQ(world.Sent<Hello>()->site, "site-a");
  EXPECT_EQ(world.Sent<Hello>()->protocol_max, kProtocolMax);
}

TEST(AgentLinkTest, RefusalForGoodBlocksUntilSomeoneActs) {
  AgentWorld world;
  world.Do(AgentStarted{});
  world.Do(ChannelOpened{});
  world.Hear(Refusal{errors::kNetVersion.value, "too old", 3, 4});
  EXPECT_EQ(world.agent.state(), AgentState::kBlocked);
  EXPECT_EQ(world.agent.blocked_by().id(), errors::kNetVersion);
  EXPECT_NE(world.agent.blocked_by().what().find("3 to 4"), std::string::npos)
      << world.agent.blocked_by().what();

  world.Do(ChannelClosed{Status(errors::kNetLost, "closed")});
  EXPECT_FALSE(world.Has<SetAgentTimer>());
}

TEST(AgentLinkTest, RefusalThatMayPassIsTriedAgain) {
  AgentWorld world;
  world.Do(AgentStarted{});
  world.Do(ChannelOpened{});
  world.Hear(Refusal{errors::kNetLost.value, "draining", 1, 1});
  EXPECT_TRUE(world.Has<CloseChannel>());
  world.Do(ChannelClosed{Status(errors::kNetLost, "closed")});
  ASSERT_TRUE(world.Has<SetAgentTimer>());
  world.Do(AgentTimerFired{ClientAgent::kLinkTimer});
  EXPECT_TRUE(world.Has<OpenChannel>());
}

TEST(AgentLinkTest, WelcomeOfAnUnknownProtocolBlocks) {
  AgentWorld world;
  world.Do(AgentStarted{});
  world.Do(ChannelOpened{});
  Welcome welcome;
  welcome.protocol = kProtocolMax + 1;
  world.Hear(welcome);
  EXPECT_EQ(world.agent.blocked_by().id(), errors::kNetVersion);
}

// Loses the channel `times` times and returns the delays asked for.
std::vector<Duration> Delays(AgentWorld& world, int times, ErrorId reason = errors::kNetRefused) {
  std::vector<Duration> delays;
  for (int i = 0; i < times; ++i) {
    world.Do(ChannelClosed{Status(reason, "lost")});
    const auto* timer = world.Find<SetAgentTimer>();
    if (timer == nullptr) return delays;
    EXPECT_EQ(timer->timer, ClientAgent::kLinkTimer);
    delays.push_back(timer->at - world.now);
    world.now = timer->at;
    world.Do(AgentTimerFired{ClientAgent::kLinkTimer});
  }
  return delays;
}

TEST(AgentLinkTest, RetryIsJitteredBelowACeilingThatDoublesFromOneSecondToTwoMinutes) {
  for (std::uint64_t label = 0; label < 200; ++label) {
    AgentWorld world;
    world.agent = ClientAgent(world.config, {"site", label}, world.random);
    world.Do(AgentStarted{});
    Duration ceiling = seconds(1);
    for (const Duration delay : Delays(world, 12)) {
      EXPECT_GE(delay, Duration{0});
      EXPECT_LE(delay, ceiling);
      ceiling = std::min<Duration>(ceiling * 2, minutes(2));
    }
  }
}

TEST(AgentLinkTest, RetriesOfManySitesFillTheWholeWindow) {
  Duration least = minutes(2), most{0};
  for (std::uint64_t label = 0; label < 200; ++label) {
    AgentWorld world;
    world.agent = ClientAgent(world.config, {"site", label}, world.random);
    world.Do(AgentStarted{});
    const Duration delay = Delays(world, 1).at(0);
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_LT(least, std::chrono::milliseconds(50));  // 200 uniform draws from one second
  EXPECT_GT(most, std::chrono::milliseconds(950));
}

TEST(AgentLinkTest, WelcomeResetsTheBackOff) {
  AgentWorld world;
  world.Do(AgentStarted{});
  Delays(world, 10);
  world.Do(ChannelOpened{});
  world.Hear(Welcome{});
  EXPECT_LE(Delays(world, 1).at(0), seconds(1));
}

TEST(AgentLinkTest, ClosedForAReasonThatARetryDoesNotMendIsRetriedSlowly) {
  std::set<Duration> delays;
  for (std::uint64_t label = 0; label < 50; ++label) {
    AgentWorld world;
    world.agent = ClientAgent(world.config, {"site", label}, world.random);
    world.Do(AgentStarted{});
    delays.insert(Delays(world, 1, errors::kNetProtocol).at(0));
  }
  EXPECT_GT(*delays.rbegin(), minutes(1));
  EXPECT_LE(*delays.rbegin(), minutes(2));
}

TEST(AgentLinkTest, GreetingWithoutAnswerIsGivenUp) {
  AgentWorld world;
  world.Do(AgentStarted{});
  ASSERT_TRUE(world.Has<SetAgentTimer>());
  world.Do(ChannelOpened{});
  world.Do(AgentTimerFired{ClientAgent::kLinkTimer});
  EXPECT_TRUE(world.Has<CloseChannel>());
  EXPECT_EQ(world.agent.state(), AgentState::kClosing);
}

TEST(AgentLinkTest, HeartbeatsGoAsOftenAsTheWelcomeSaysAndTellThatWorkGoesOnNotHowMuch) {
  AgentWorld world(AgentWorld::Willing());
  world.Connect(seconds(15));
  ASSERT_TRUE(world.Has<SetAgentTimer>());
  EXPECT_EQ(world.Find<SetAgentTimer>()->at - world.now, seconds(15));

  world.Do(AgentTimerFired{ClientAgent::kHeartbeatTimer});
  ASSERT_NE(world.Sent<Heartbeat>(), nullptr);
  EXPECT_EQ(world.Sent<Heartbeat>()->key, RoundKey{});
  EXPECT_TRUE(world.Has<SetAgentTimer>());

  world.Offer();
  world.Plan(KeyOf(1));
  world.Do(WorkProgressed{KeyOf(1), 17});
  world.Do(AgentTimerFired{ClientAgent::kHeartbeatTimer});
  EXPECT_EQ(world.Sent<Heartbeat>()->key, KeyOf(1));
  EXPECT_EQ(world.Sent<Heartbeat>()->progress, 1);
  world.Do(AgentTimerFired{ClientAgent::kHeartbeatTimer});
  EXPECT_EQ(world.Sent<Heartbeat>()->progress, 1);  // no step since
  world.Do(WorkProgressed{KeyOf(1), 18});
  world.Do(AgentTimerFired{ClientAgent::kHeartbeatTimer});
  EXPECT_EQ(world.Sent<Heartbeat>()->progress, 2);
}

TEST(AgentLinkTest, NoHeartbeatWhenTheWelcomeSaysNoneOrTheLinkIsDown) {
  AgentWorld world;
  world.Connect();
  EXPECT_FALSE(world.Has<SetAgentTimer>());

  AgentWorld other;
  other.Connect(seconds(15));
  other.Do(ChannelClosed{Status(errors::kNetLost, "lost")});
  other.Do(AgentTimerFired{ClientAgent::kHeartbeatTimer});
  EXPECT_TRUE(other.actions.empty());
}

TEST(AgentLinkTest, MessagesBeforeTheWelcomeMeanNothing) {
  AgentWorld world(AgentWorld::Willing());
  world.Do(AgentStarted{});
  world.Do(ChannelOpened{});
  world.Offer();
  EXPECT_TRUE(world.actions.empty());
  EXPECT_TRUE(world.agent.jobs().empty());
}

TEST(AgentLinkTest, StopKillsWorkAndClosesTheChannel) {
  AgentWorld world(AgentWorld::Willing());
  world.TakePart();
  world.Plan(KeyOf(1));
  world.Do(AgentStopRequested{});
  EXPECT_TRUE(world.Has<KillWork>());
  EXPECT_LT(world.PlaceOf<KillWork>(), world.PlaceOf<CloseChannel>());
  EXPECT_EQ(world.agent.state(), AgentState::kStopped);

  world.Do(ChannelClosed{Status()});
  EXPECT_TRUE(world.actions.empty());
  world.Do(AgentTimerFired{ClientAgent::kLinkTimer});
  EXPECT_TRUE(world.actions.empty());
}

TEST(AgentLinkTest, StrangerBlocksWhicheverWayItIsTold) {
  AgentWorld world;
  world.Do(AgentStarted{});
  world.Do(ChannelClosed{Status(errors::kNameUnknown, "'site-x' is not a member")});
  EXPECT_EQ(world.agent.state(), AgentState::kBlocked);
  EXPECT_EQ(world.agent.blocked_by().id(), errors::kNameUnknown);
}

}  // namespace
}  // namespace cairn

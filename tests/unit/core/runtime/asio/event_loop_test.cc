#include "core/runtime/asio/event_loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <vector>

namespace cairn {
namespace {

using namespace std::chrono_literals;

constexpr TimerId kFirst{1}, kSecond{2};
TimePoint Past() { return SteadyClock().Now() + Duration(-1s); }

TEST(EventLoopTest, PostedFunctionsRunInOrderFromAnyThread) {
  EventLoop loop;
  std::vector<int> seen;
  std::jthread other([&] {
    for (int i = 0; i < 100; ++i) loop.Post([&seen, i] { seen.push_back(i); });
    loop.Stop();
  });
  loop.Run();
  ASSERT_EQ(seen.size(), 100u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(EventLoopTest, TimersFireInTheOrderOfTheirTimes) {
  EventLoop loop;
  std::vector<TimerId> fired;
  loop.OnTimer([&](TimerId id) {
    fired.push_back(id);
    if (fired.size() == 2) loop.Stop();
  });
  const auto now = SteadyClock().Now();
  loop.Set(kFirst, now + Duration(4ms));
  loop.Set(kSecond, now + Duration(1ms));
  loop.Run();
  EXPECT_EQ(fired, (std::vector<TimerId>{kSecond, kFirst}));
}

TEST(EventLoopTest, TimerSetAgainFiresOnceAtItsNewTime) {
  EventLoop loop;
  int fired = 0;
  loop.OnTimer([&](TimerId) { ++fired; });
  loop.Set(kFirst, Past());
  loop.Set(kFirst, Past());
  loop.Set(kSecond, Past());
  loop.Post([&] { loop.Post([&] { loop.Stop(); }); });
  loop.OnTimer([&](TimerId id) { fired += id == kFirst ? 1 : 0; });
  loop.Run();
  EXPECT_EQ(fired, 1);
}

TEST(EventLoopTest, CancelledTimerDoesNotFireEvenWhenItWasDue) {
  EventLoop loop;
  std::vector<TimerId> fired;
  loop.OnTimer([&](TimerId id) {
    fired.push_back(id);
    loop.Cancel(id == kFirst ? kSecond : kFirst);  // both are due: the first to fire cancels the other
    loop.Set(TimerId{3}, Past());
    if (id == TimerId{3}) loop.Stop();
  });
  loop.Set(kFirst, Past());
  loop.Set(kSecond, Past());
  loop.Cancel(TimerId{77});
  loop.Run();
  EXPECT_EQ(fired, (std::vector<TimerId>{kFirst, TimerId{3}}));
}

TEST(EventLoopTest, SignalsBecomeCallbacksOnTheLoop) {
  EventLoop loop;
  std::vector<int> heard;
  loop.OnReload([&] {
    heard.push_back(SIGHUP);
    std::raise(SIGTERM);
  });
  loop.OnTerminate([&] {
    heard.push_back(SIGTERM);
    loop.Stop();
  });
  loop.Post([] { std::raise(SIGHUP); });
  loop.Run();
  EXPECT_EQ(heard, (std::vector<int>{SIGHUP, SIGTERM}));
}

TEST(EventLoopDeathTest, SecondTerminateEndsTheProcessAtOnce) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        EventLoop loop;
        loop.OnTerminate([] { std::raise(SIGINT); });  // never stops by itself
        loop.Post([] { std::raise(SIGTERM); });
        loop.Run();
      },
      testing::ExitedWithCode(128 + SIGINT), "");
}

}  // namespace
}  // namespace cairn

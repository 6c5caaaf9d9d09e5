#include "simulation/engine/event_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace cairn {
namespace {

TimePoint At(int seconds) { return {std::chrono::seconds(seconds)}; }

TEST(EventQueueTest, PopsByTimeThenRankThenOrderOfPushing) {
  EventQueue<std::string> queue;
  queue.Push(At(2), 0, "later");
  queue.Push(At(1), 5, "high rank");
  queue.Push(At(1), -5, "low rank");
  queue.Push(At(1), 5, "high rank, pushed after");
  std::vector<std::string> order;
  while (!queue.empty()) order.push_back(queue.Pop().second);
  EXPECT_EQ(order, (std::vector<std::string>{"low rank", "high rank", "high rank, pushed after", "later"}));
}

}  // namespace
}  // namespace cairn

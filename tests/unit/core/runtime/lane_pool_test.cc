#include "core/runtime/lane_pool.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <latch>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace cairn {
namespace {

TEST(LanePoolTest, JobsOfALaneRunInTheirOrderOnThatLane) {
  LanePool lanes(3);
  std::vector<std::vector<int>> seen(3);
  for (int i = 0; i < 300; ++i) {
    lanes.Submit(static_cast<std::size_t>(i % 3), [&seen, &lanes, i](std::size_t lane) {
      EXPECT_EQ(lanes.current_lane(), lane);
      seen[lane].push_back(i);
    });
  }
  lanes.Drain();
  for (std::size_t lane = 0; lane < 3; ++lane) {
    ASSERT_EQ(seen[lane].size(), 100u);
    for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(seen[lane][i], static_cast<int>(3 * i + lane));
  }
  EXPECT_EQ(lanes.current_lane(), 3u);
}

TEST(LanePoolTest, SharedJobsRunOnAllFreeLanesAtOnce) {
  LanePool lanes(4);
  std::latch all(4);  // each job waits for the other three: they must overlap
  for (int i = 0; i < 4; ++i) lanes.SubmitAny([&](std::size_t) { all.arrive_and_wait(); });
  lanes.Drain();
  EXPECT_TRUE(all.try_wait());
}

TEST(LanePoolTest, SharedJobIsNotHeldUpByABusyLane) {
  LanePool lanes(2);
  std::atomic<int> count = 0;
  for (int round = 0; round < 200; ++round) {
    std::latch done(1);
    lanes.SubmitAny([&](std::size_t) { done.count_down(); });
    lanes.Submit(0, [&](std::size_t) { done.wait(); });  // lane 0 cannot run the shared job after this
    lanes.Drain();
    ++count;
  }
  EXPECT_EQ(count, 200);
}

TEST(LanePoolTest, DrainWaitsForJobsThatJobsSubmit) {
  LanePool lanes(2);
  std::atomic<int> depth = 0;
  std::function<void(std::size_t)> deeper = [&](std::size_t lane) {
    if (++depth < 50) lanes.Submit(1 - lane, deeper);
  };
  lanes.SubmitAny(deeper);
  lanes.Drain();
  EXPECT_EQ(depth, 50);
}

TEST(LanePoolTest, StopFinishesTheRunningJobAndDropsWaitingOnes) {
  LanePool lanes(1);
  std::latch started(1);
  std::atomic<bool> finished = false, second_ran = false;
  auto capture = std::make_shared<int>(0);
  lanes.Submit(0, [&, stop = lanes.stop_token()](std::size_t) {
    started.count_down();
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait(lock, stop, [] { return false; });  // until Stop asks
    finished = true;
  });
  lanes.Submit(0, [&, capture](std::size_t) { second_ran = true; });
  started.wait();
  lanes.Stop();
  EXPECT_TRUE(finished);
  EXPECT_FALSE(second_ran);
  EXPECT_EQ(capture.use_count(), 1);  // the dropped job's captures are gone
  lanes.SubmitAny([&](std::size_t) { second_ran = true; });
  lanes.Drain();
  EXPECT_FALSE(second_ran);
}

TEST(LanePoolTest, LanesFlushDenormalsAndThisThreadDoesNot) {
  LanePool lanes(1);
  volatile float tiny = std::numeric_limits<float>::min();
  float on_lane = 1;
  lanes.Submit(0, [&](std::size_t) { on_lane = tiny / 4; });
  lanes.Drain();
  EXPECT_EQ(on_lane, 0.0f);
  EXPECT_GT(tiny / 4, 0.0f);
}

TEST(LanePoolTest, ThreadsCarryTheirLanesName) {
  LanePool lanes(2);
  char name[16] = "";
  lanes.Submit(1, [&](std::size_t) { pthread_getname_np(pthread_self(), name, sizeof name); });
  lanes.Drain();
  EXPECT_STREQ(name, "lane-1");
}

}  // namespace
}  // namespace cairn

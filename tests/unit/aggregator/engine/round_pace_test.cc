#include "aggregator/engine/round_pace.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

using namespace std::chrono_literals;

TEST(RoundPaceTest, FirstRoundIsBoundByADayOnly) {
  EXPECT_EQ(RoundPace().Deadline(60s), RoundPace::kLongest);
}

TEST(RoundPaceTest, DeadlineIsThreeTimesTheSlowestOfTheLastFive) {
  RoundPace pace;
  pace.Add(10h);
  for (const Duration slowest : {20min, 90min, 30min, 10min, 25min}) pace.Add(slowest);
  EXPECT_EQ(pace.Deadline(60s), 270min) << "the ten hours are six rounds ago";
}

TEST(RoundPaceTest, ShortRoundsLeaveRoomForNoiseAndLongOnesEnd) {
  RoundPace pace;
  pace.Add(1s);
  EXPECT_EQ(pace.Deadline(60s), 8min);
  pace.Add(20h);
  EXPECT_EQ(pace.Deadline(60s), RoundPace::kLongest);
}

TEST(RoundPaceTest, WhereNobodyStallsNothingIsLate) {
  RoundPace pace;
  pace.Add(1s);
  EXPECT_EQ(pace.Deadline(0s), 0s);
}

}  // namespace
}  // namespace cairn

#include "simulation/report/progress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace cairn {
namespace {

Progress Round(std::uint64_t round, std::size_t reported, double loss, double accuracy) {
  return {"quickstart", round, 30, reported, 4, {{"loss", loss}, {"acc", accuracy}}, 6100};
}

Terminal Fancy() {
  Terminal terminal;
  terminal.is_terminal = terminal.unicode = true;
  terminal.width = 200;
  return terminal;
}

TEST(ProgressLineTest, WithoutATerminalEachRoundIsOnePlainLine) {
  std::ostringstream out;
  ManualClock clock;
  {
    ProgressLine line(out, Terminal{}, clock);
    line.Update(Round(1, 2, 0.9, 0.5));
    line.RoundDone(Round(1, 4, 0.9, 0.5));
    line.RoundDone(Round(2, 4, 0.482, 0.861));
  }
  EXPECT_EQ(out.str(),
            "round 1/30, 4/4 sites, loss 0.900, acc 0.500, 6.10 kB up a site\n"
            "round 2/30, 4/4 sites, loss 0.482, acc 0.861, 6.10 kB up a site\n");
}

TEST(ProgressLineTest, TerminalShowsBarDirectionAndEta) {
  std::ostringstream out;
  ManualClock clock;
  ProgressLine line(out, Fancy(), clock);
  clock.Advance(std::chrono::seconds(10));
  line.RoundDone(Round(1, 4, 0.9, 0.5));
  clock.Advance(std::chrono::seconds(10));
  out.str("");
  line.RoundDone(Round(2, 4, 0.482, 0.861));
  EXPECT_EQ(
      out.str(),
      "\rround 2/30 ▕▋         ▏ 4/4 sites · loss 0.482 ↓ · acc 0.861 ↑ · 6.10 kB↑ a site · eta 04:40\x1b[K");
}

TEST(ProgressLineTest, RedrawsAtMostTenTimesASecond) {
  std::ostringstream out;
  ManualClock clock;
  ProgressLine line(out, Fancy(), clock);
  for (int i = 0; i < 1000; ++i) {
    line.Update(Round(1, 2, 0.9, 0.5));
    clock.Advance(std::chrono::milliseconds(1));
  }
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\r'), 10);
}

TEST(ProgressLineTest, OldLocaleGetsAscii) {
  std::ostringstream out;
  ManualClock clock;
  Terminal terminal = Fancy();
  terminal.unicode = false;
  ProgressLine line(out, terminal, clock);
  line.RoundDone(Round(15, 4, 0.9, 0.5));
  const std::string text = out.str();
  EXPECT_NE(text.find("[#####.....]"), std::string::npos) << text;
  EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) << text;
}

TEST(ProgressLineTest, LineNeverWrapsOnANarrowTerminal) {
  std::ostringstream out;
  ManualClock clock;
  Terminal terminal = Fancy();
  terminal.width = 25;
  ProgressLine line(out, terminal, clock);
  line.RoundDone(Round(15, 4, 0.9, 0.5));
  EXPECT_EQ(out.str(), "\rround 15/30 ▕█████     ▏\x1b[K");
}

TEST(ProgressLineTest, QuietSaysNothing) {
  std::ostringstream out;
  ManualClock clock;
  { ProgressLine(out, Fancy(), clock, true).RoundDone(Round(1, 4, 0.9, 0.5)); }
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace cairn

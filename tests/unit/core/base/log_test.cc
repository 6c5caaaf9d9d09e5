#include "core/base/log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>
#include <thread>

namespace cairn {
namespace {

class FixedWallClock final : public WallClock {
 public:
  std::chrono::system_clock::time_point Now() const override {
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));
  }
};

class LogTest : public testing::Test {
 protected:
  void Use(LogFormat format, LogLevel level = LogLevel::kInfo) {
    LogConfig config;
    config.format = format;
    config.level = level;
    config.stream = &stream_;
    config.clock = &clock_;
    SetUpLogging(config);
  }
  void TearDown() override { SetUpLogging({}); }

  FixedWallClock clock_;
  std::ostringstream stream_;
};

TEST_F(LogTest, TextLineHasTimeLevelComponentMessageAndFields) {
  Use(LogFormat::kText);
  Log(LogLevel::kInfo, "aggregator", "round committed",
      {{"round", 3}, {"loss", 0.5}, {"name", "a b"}, {"ok", true}});
  EXPECT_EQ(
      stream_.str(),
      "2023-11-14T22:13:20.123Z info  aggregator: round committed round=3 loss=0.5 name=\"a b\" ok=true\n");
}

TEST_F(LogTest, JsonLineIsOneObject) {
  Use(LogFormat::kJson);
  Log(LogLevel::kWarning, "client", "line\nbreak", {{"site", "a\"b"}, {"n", 7u}});
  EXPECT_EQ(
      stream_.str(),
      "{\"ts\":\"2023-11-14T22:13:20.123Z\",\"level\":\"warning\",\"component\":\"client\",\"msg\":\"line\\n"
      "break\",\"site\":\"a\\\"b\",\"n\":7}\n");
}

TEST_F(LogTest, JournalLineHasPriorityInsteadOfTime) {
  Use(LogFormat::kJournal);
  Log(LogLevel::kError, "client", "gone");
  EXPECT_EQ(stream_.str(), "<3>client: gone\n");
}

TEST_F(LogTest, HostileTextCannotForgeALineOrMoveTheCursor) {
  Use(LogFormat::kText);
  Log(LogLevel::kInfo, "aggregator", "joined", {{"name", "x\n2023 error forged\x1b[2J"}});
  const std::string text = stream_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST_F(LogTest, LinesBelowTheLevelAreDropped) {
  Use(LogFormat::kText, LogLevel::kWarning);
  Log(LogLevel::kInfo, "a", "quiet");
  EXPECT_FALSE(IsLogged(LogLevel::kInfo));
  EXPECT_EQ(stream_.str(), "");
}

TEST_F(LogTest, EventNamesTheComponentBeforeItsDot) {
  Use(LogFormat::kText);
  LogEventSink sink;
  sink.Emit({DomainEvent::Level::kWarning,
             "round.abandoned",
             {{"round", std::int64_t{4}}, {"why", std::string("late")}}});
  EXPECT_EQ(stream_.str(), "2023-11-14T22:13:20.123Z warn  round: abandoned round=4 why=late\n");
}

TEST_F(LogTest, LinesOfManyThreadsStayWhole) {
  Use(LogFormat::kText);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 50; ++i) Log(LogLevel::kInfo, "worker", "step done");
      });
    }
  }
  std::istringstream lines(stream_.str());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_EQ(line, "2023-11-14T22:13:20.123Z info  worker: step done");
  }
  EXPECT_EQ(count, 200);
}

TEST(LogFormatTest, JournalIsRecognisedByItsDeviceAndInode) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  struct stat info {};
  ASSERT_EQ(fstat(ends[1], &info), 0);
  const std::string mine = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  EXPECT_EQ(DetectLogFormat(mine.c_str(), ends[1]), LogFormat::kJournal);
  EXPECT_EQ(DetectLogFormat("1:2", ends[1]), LogFormat::kText);
  EXPECT_EQ(DetectLogFormat(nullptr, ends[1]), LogFormat::kText);
  close(ends[0]);
  close(ends[1]);
}

TEST(LogFormatTest, LevelsAreReadByName) {
  EXPECT_EQ(ParseLogLevel("warning"), LogLevel::kWarning);
  EXPECT_EQ(ParseLogLevel("loud"), std::nullopt);
}

}  // namespace
}  // namespace cairn

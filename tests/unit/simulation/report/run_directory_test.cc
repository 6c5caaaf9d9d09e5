#include "simulation/report/run_directory.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "simulation/report/file_io.h"
#include "simulation/report/report_page.h"
#include "simulation/report/run_record.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

class RunDirectoryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cairn-run-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    parent_ = name;
  }
  void TearDown() override { fs::remove_all(parent_); }

  RunDirectory::Config Config(int second = 12) const {
    RunDirectory::Config config;
    config.parent = parent_;
    config.run = {"quickstart",
                  42,
                  12,
                  {"loss", "accuracy"},
                  "accuracy",
                  true,
                  {"cat", "dog"},
                  {{"Model", "cnn-small"}}};
    config.started = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000 + second));
    config.experiment_toml = "name = \"quickstart\"\n";
    config.resolved_toml = "name = \"quickstart\"\nseed = 42\n";
    config.env_json = "{}";
    return config;
  }
  RunDirectory Made(int second = 12) const {
    Result<RunDirectory> run = RunDirectory::Create(Config(second));
    EXPECT_TRUE(run.ok()) << run.status().ToString();
    return std::move(run).value();
  }
  static RoundRow Row(std::uint64_t round, double loss, double accuracy) {
    return {round, 10, 9, 1, 0, 0, 900, 170'000, 180'000, {loss, accuracy}};
  }
  static std::string Text(const fs::path& path) { return ReadWholeFile(path, 1 << 20).value(); }

  fs::path parent_;
};

TEST_F(RunDirectoryTest, GetsItsNameAndTheLatestLinkWithItsFirstRound) {
  RunDirectory run = Made();
  EXPECT_TRUE(ListRuns(parent_).empty());
  ASSERT_TRUE(run.AppendRound(Row(1, 0.9, 0.5)).ok());
  EXPECT_EQ(run.path().filename(), "2023-11-14T22-13-32_quickstart_s42");
  EXPECT_TRUE(fs::equivalent(parent_ / "latest", run.path()));
  for (const char* file :
       {"experiment.toml", "resolved.toml", "env.json", "status.json", "load.py", "metrics.csv"}) {
    EXPECT_TRUE(fs::exists(run.path() / file)) << file;
  }
}

TEST_F(RunDirectoryTest, RunWithoutARoundLeavesNothing) {
  { const RunDirectory run = Made(); }
  EXPECT_TRUE(fs::is_empty(parent_));
}

TEST_F(RunDirectoryTest, TwoRunsOfOneSecondGetTwoFolders) {
  RunDirectory first = Made(), second = Made();
  ASSERT_TRUE(first.AppendRound(Row(1, 1, 0)).ok());
  RunDirectory third = Made();
  ASSERT_TRUE(second.AppendRound(Row(1, 1, 0)).ok());
  ASSERT_TRUE(third.AppendRound(Row(1, 1, 0)).ok());
  EXPECT_EQ(ListRuns(parent_).size(), 3u);
}

TEST_F(RunDirectoryTest, RowsReadBackAsTheyWereTold) {
  RunDirectory run = Made();
  ASSERT_TRUE(run.AppendRound(Row(1, 0.9, kNoValue)).ok());
  ASSERT_TRUE(run.AppendRound(Row(2, 0.25, 0.75)).ok());
  const std::vector<ClientRow> clients = {{0, "ward, \"3\"", 500, 2, {3, 497}}};
  ASSERT_TRUE(run.WriteClients(clients).ok());
  ASSERT_TRUE(run.WriteStatus({RunState::kFailed, 2, 12, "CAIRN-5103 no"}).ok());
  const Result<RunRecord> record = ReadRun(run.path());
  ASSERT_TRUE(record.ok()) << record.status().ToString();
  ASSERT_EQ(record->rounds.size(), 2u);
  EXPECT_TRUE(std::isnan(record->rounds[0].metrics[1]));
  EXPECT_EQ(record->rounds[1].metrics[1], 0.75);
  EXPECT_EQ(record->rounds[1].bytes_up, 170'000u);
  EXPECT_EQ(record->clients[0].name, "ward, \"3\"");
  EXPECT_EQ(record->clients[0].labels, (std::vector<std::int64_t>{3, 497}));
  EXPECT_EQ(record->status.state, RunState::kFailed);
  EXPECT_EQ(record->run.facts[0].second, "cnn-small");
}

TEST_F(RunDirectoryTest, MetricsCsvIsARowARound) {
  RunDirectory run = Made();
  ASSERT_TRUE(run.AppendRound(Row(1, 0.5, kNoValue)).ok());
  EXPECT_EQ(Text(run.path() / "metrics.csv"),
            "round,invited,reported,declined,late,invalid,examples,bytes_up,bytes_down,loss,accuracy\n"
            "1,10,9,1,0,0,900,170000,180000,0.5,\n");
}

TEST_F(RunDirectoryTest, LostSitesAreAColumnWhereTheRunCountsThem) {
  RunDirectory::Config config = Config();
  config.run.counts_lost = true;
  auto made = RunDirectory::Create(config);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  RunDirectory& run = *made;
  RoundRow row = Row(1, 0.5, 0.25);
  row.lost = 7;
  ASSERT_TRUE(run.AppendRound(row).ok());
  EXPECT_EQ(Text(run.path() / "metrics.csv"),
            "round,invited,reported,declined,late,invalid,examples,bytes_up,bytes_down,lost,loss,accuracy\n"
            "1,10,9,1,0,0,900,170000,180000,7,0.5,0.25\n");
  const Result<RunRecord> record = ReadRun(run.path());
  ASSERT_TRUE(record.ok()) << record.status().ToString();
  ASSERT_EQ(record->rounds.size(), 1u);
  EXPECT_EQ(record->rounds[0].lost, 7u);
  EXPECT_EQ(record->rounds[0].metrics[1], 0.25);
  ASSERT_TRUE(run.WriteReport().ok());
  EXPECT_NE(Text(run.path() / "report.html").find("<th>lost"), std::string::npos);
}

TEST_F(RunDirectoryTest, EqualRunsDifferOnlyInTimings) {
  std::string texts[2][4];
  for (int i = 0; i < 2; ++i) {
    RunDirectory run = Made(i);
    ASSERT_TRUE(run.AppendRound(Row(1, 0.5, 0.5)).ok());
    const MetricLine line{1, "site-a", "federated", "loss", 0.5, 10};
    ASSERT_TRUE(run.AppendMetrics({&line, 1}).ok());
    ASSERT_TRUE(run.AppendTiming({1, 0.1 * i, 0, 0, 0}).ok());
    ASSERT_TRUE(run.WriteReport().ok());
    const char* files[] = {"metrics.csv", "metrics.jsonl", "status.json", "report.html"};
    for (int f = 0; f < 4; ++f) texts[i][f] = Text(run.path() / files[f]);
  }
  for (int f = 0; f < 4; ++f) EXPECT_EQ(texts[0][f], texts[1][f]);
}

TEST_F(RunDirectoryTest, BestIsTheFirstOfEquals) {
  RunDirectory run = Made();
  EXPECT_TRUE(run.IsBest(1, 0.5));
  EXPECT_FALSE(run.IsBest(2, 0.5));
  EXPECT_FALSE(run.IsBest(3, kNoValue));
  EXPECT_TRUE(run.IsBest(4, 0.6));
}

TEST_F(RunDirectoryTest, CheckpointsAreNamedByRound) {
  RunDirectory run = Made();
  const std::byte bytes[3] = {};
  ASSERT_TRUE(run.SaveCheckpoint(10, bytes).ok());
  ASSERT_TRUE(run.SaveFinal(bytes).ok());
  EXPECT_EQ(fs::file_size(run.path() / "checkpoints" / "round-0010.safetensors"), 3u);
  EXPECT_EQ(fs::file_size(run.path() / "final.safetensors"), 3u);
}

TEST_F(RunDirectoryTest, RunsAreNamedByAgeOrByPartOfTheirName) {
  for (int second : {1, 2, 3}) ASSERT_TRUE(Made(second).AppendRound(Row(1, 1, 0)).ok());
  const auto name = [&](std::string_view which) { return ResolveRun(parent_, which); };
  EXPECT_EQ(name("latest")->filename(), "2023-11-14T22-13-23_quickstart_s42");
  EXPECT_EQ(name("latest~1")->filename(), "2023-11-14T22-13-22_quickstart_s42");
  EXPECT_EQ(name("2023-11-14T22-13-21")->filename(), "2023-11-14T22-13-21_quickstart_s42");
  EXPECT_EQ(name("latest~9").status().id(), errors::kNoSuchRun);
  EXPECT_EQ(name("2023").status().id(), errors::kNoSuchRun);
}

TEST_F(RunDirectoryTest, DamagedFileIsNamed) {
  RunDirectory run = Made();
  ASSERT_TRUE(run.AppendRound(Row(1, 1, 0)).ok());
  std::ofstream(run.path() / "status.json") << "{";
  const Status status = ReadRun(run.path()).status();
  EXPECT_EQ(status.id(), errors::kStorageCorrupt);
  EXPECT_NE(status.what().find("status.json"), std::string::npos);
}

TEST_F(RunDirectoryTest, LoadScriptIsTwelveLines) {
  const std::string_view script = LoadScript();
  EXPECT_EQ(std::count(script.begin(), script.end(), '\n'), 12);
}

TEST_F(RunDirectoryTest, LoadScriptLoadsTheWeights) {
  if (std::system("python3 -c 'import numpy' 2>/dev/null") != 0) GTEST_SKIP() << "no python3 with numpy here";
  RunDirectory run = Made();
  ASSERT_TRUE(run.AppendRound(Row(1, 1, 0)).ok());
  std::string header = R"({"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
  std::string file(8, '\0');
  file[0] = static_cast<char>(header.size());
  file += header + std::string("\0\0\x80\x3f\0\0\0\x40", 8);  // 1 and 2
  ASSERT_TRUE(run.SaveFinal(std::as_bytes(std::span(file))).ok());
  const std::string script =
      "cd " + run.path().string() +
      " && python3 -c 'import load; a = load.load(\"final.safetensors\")[\"w\"]; "
      "assert a.shape == (1, 2) and list(a[0]) == [1, 2]' && python3 load.py > out.txt";
  EXPECT_EQ(std::system(script.c_str()), 0);
  EXPECT_NE(Text(run.path() / "out.txt").find("float32 (1, 2)"), std::string::npos);
}

TEST_F(RunDirectoryTest, ReportEscapesEverythingThatCameFromAFile) {
  RunDirectory::Config config = Config();
  const std::string evil = "<script>alert('x')</script>\"";
  config.run.name = evil;
  config.run.facts = {{evil, evil}};
  config.run.labels = {evil};
  config.run.metrics = {evil, "loss"};
  config.run.metric = evil;
  config.resolved_toml = "a = \"" + evil + "\"";
  Result<RunDirectory> run = RunDirectory::Create(std::move(config));
  ASSERT_TRUE(run.ok());
  ASSERT_TRUE(run->AppendRound(Row(1, 1, 0)).ok());
  const std::vector<ClientRow> clients = {{0, evil, 5, 1, {5}}};
  ASSERT_TRUE(run->WriteClients(clients).ok());
  ASSERT_TRUE(run->WriteStatus({RunState::kFailed, 1, 1, evil}).ok());
  ASSERT_TRUE(run->WriteReport().ok());
  const std::string page = Text(run->path() / "report.html");
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("alert('"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;"), std::string::npos);
}

TEST_F(RunDirectoryTest, ReportNeedsNothingFromTheNetwork) {
  RunDirectory run = Made();
  ASSERT_TRUE(run.AppendRound(Row(1, 1, 0)).ok());
  ASSERT_TRUE(run.WriteReport().ok());
  const std::string page = Text(run.path() / "report.html");
  for (const char* sign : {"http://", "https://", "src=", "@import", "url("}) {
    EXPECT_EQ(page.find(sign), std::string::npos) << sign;
  }
}

}  // namespace
}  // namespace cairn

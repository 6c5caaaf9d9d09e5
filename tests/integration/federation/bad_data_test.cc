// Data of a site that cannot be learnt from: its owner hears which file and line, the aggregator which fault,
// no log what stands there, and the job goes on with the others.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "tests/integration/federation/federation.h"

namespace cairn::testing_processes {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

void Write(const fs::path& file, const std::string& text) {
  fs::remove(file);
  std::ofstream(file, std::ios::binary) << text;
}

// Sites with a CSV each, and a job for two of the three.
class CsvTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HavePrograms()) GTEST_SKIP() << "CAIRN_BIN_DIR holds no cairn and cairn-worker";
    Write(federation_.folder() / "schema.toml",
          "schema = 1\nlabel = { classes = [\"0\", \"1\"] }\n[[column]]\nname = \"age\"\ntype = "
          "\"numeric\"\nmin = 0\nmax = 120\n"
          "[[column]]\nname = \"rate\"\ntype = \"numeric\"\n[[column]]\nname = \"sick\"\ntype = \"label\"\n");
    job_.model = R"({ arch = "linear", hyper = { inputs = 2, outputs = 2 }, init = "seed:1" })";
    job_.data = R"({ dataset = "rows", schema = "schema.toml", holdout = 0.2 })";
    job_.cohort = R"(min = 3, target = "all", min_reports = 2)";
    job_.secagg = kPlain;  // two sites are too few to be masked
    for (std::size_t i = 1; i < kSites; ++i) Give(i, Good(static_cast<int>(i)));
  }

  static std::string Good(int seed) {
    std::string text = "age,rate,sick\n";
    for (int i = 0; i < 60; ++i) {
      text += std::to_string(30 + (i * 7 + seed) % 40) + "," + std::to_string(60 + (i * 13 + seed) % 50) +
              "," + std::to_string((i * 7 + seed) % 40 > 20 ? 1 : 0) + "\n";
    }
    return text;
  }

  // `content` "-": no such file.
  void Give(std::size_t site, const std::string& content, const std::string& name = "rows.csv") {
    const fs::path file = federation_.site_folder(site) / name;
    if (content != "-") Write(file, content);
    federation_.Configure(site, "reader = \"csv\"\npath = \"" + file.string() + "\"\n");
  }

  void StartAndSubmit(const std::string& strategy) {
    federation_.StartAll();
    ASSERT_TRUE(
        Await([&] { return federation_.aggregator_log().find("joined site=site-a") != std::string::npos; }));
    job_.strategy = strategy;
    federation_.Submit(job_);
  }

  bool HasDeclined(const std::string& id) const {
    return federation_.aggregator_log().find("declined job=1 round=1 attempt=1 site=site-a id=CAIRN-" + id) !=
           std::string::npos;
  }

  Federation federation_;
  JobText job_;
};

struct Table {
  std::string name, id, content;  // of site-a
  bool is_measurable = false;     // a model can be measured on it, though not trained
  friend void PrintTo(const Table& one, std::ostream* out) { *out << one.name; }
};

class TableTest : public CsvTest, public testing::WithParamInterface<Table> {};

TEST_P(TableTest, IsNamedAtTheSiteAndAtTheAggregatorAndTheJobGoesOn) {
  const Table& bad = GetParam();
  Give(0, bad.content);
  StartAndSubmit(R"(name = "fedavg", rounds = 2)");
  if (HasFatalFailure()) return;
  const json ended = federation_.AwaitEnd();
  EXPECT_EQ(ended.value("outcome", ""), "finished") << ended.dump(1) << federation_.Logs();
  for (const json& round : ended.at("history")) {
    const bool has_part = bad.is_measurable && round.at("kind") == "evaluate";
    EXPECT_EQ(round.at("reported"), has_part ? kSites : kSites - 1) << round;
  }
  EXPECT_NE(federation_.site_log(0).find("CAIRN-" + bad.id), std::string::npos) << federation_.site_log(0);
  const std::string log = federation_.aggregator_log();
  EXPECT_TRUE(HasDeclined(bad.id)) << log;
  // What the centre hears of a site's data is which fault it has: no cell, no path.
  EXPECT_EQ(log.find("Schmidt"), std::string::npos) << log;
  EXPECT_EQ(log.find("rows.csv"), std::string::npos) << log;
  // And no log says what stands in a cell, not even the site's own.
  EXPECT_EQ(federation_.site_log(0).find("Schmidt"), std::string::npos) << federation_.site_log(0);
}

// Sound rows, but for the size of their rates, of which no line divides the sick from the others.
std::string RatesOf(const std::string& size) {
  std::string text = "age,rate,sick\n";
  for (int i = 0; i < 5; ++i) {
    for (const char* row : {"40,+,1\n", "41,-,0\n", "42,+,0\n", "43,-,1\n"}) {
      const std::string line = row;
      text += line.substr(0, 3) + (line[3] == '-' ? "-" : "") + size + line.substr(4);
    }
  }
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Csv, TableTest,
    testing::Values(Table{"Missing", "8105", "-"},
                    Table{"Ragged", "4101", "age,rate,sick\n40,60,1\n41,61\n42,62,0\n"},
                    Table{"TextForANumber", "4102", "age,rate,sick\n40,60,1\nSchmidt,61,0\n42,62,0\n"},
                    Table{"LabelOutsideTheSchema", "4104",
                          "age,rate,sick\n40,60,1\n41,61,Schmidt\n42,62,0\n"},
                    Table{"ValueOutOfRange", "4106", "age,rate,sick\n40,60,1\n410,61,0\n42,62,0\n"},
                    Table{"NoSuchColumn", "4114", "age,pulse,sick\n40,60,1\n41,61,0\n42,62,0\n"},
                    Table{"Empty", "4109", "age,rate,sick\n"},
                    // Training makes nothing of them that may leave the site.
                    Table{"RatesThatDiverge", "4210", RatesOf("1e38"), true},
                    Table{"RatesThatMoveTheModelTooFar", "5103", RatesOf("1e8"), true}),
    [](const auto& one) { return one.param.name; });

TEST_F(CsvTest, FileNamedAnewIsReadAfterAReload) {
  Give(0, "-");
  StartAndSubmit(R"(name = "fedavg", rounds = 100000)");  // more than are done in the time
  if (HasFatalFailure()) return;
  ASSERT_TRUE(Await([&] { return HasDeclined("8105"); })) << federation_.Logs();
  Give(0, Good(0), "rows-of-today.csv");
  ASSERT_EQ(kill(federation_.site(0).pid(), SIGHUP), 0);
  EXPECT_TRUE(Await([&] { return federation_.LastReports() == kSites; })) << federation_.Logs();
}

}  // namespace
}  // namespace cairn::testing_processes

#include "cli/worker/data_cut.h"

#include <gmock/gmock.h>

#include <numeric>

#include "core/base/random.h"
#include "tests/unit/cli/worker/scratch_folder.h"

namespace cairn {
namespace {

struct Rows {
  std::vector<float> features;
  std::vector<std::int64_t> labels;
  friend bool operator==(const Rows&, const Rows&) = default;
};

Rows RowsOf(const ExampleSource& source) {
  std::vector<std::uint32_t> all(source.size());
  std::iota(all.begin(), all.end(), 0u);
  Rows rows;
  rows.features.resize(all.size() * static_cast<std::size_t>(source.feature_shape().size()));
  rows.labels.resize(all.size());
  source.Gather(all, rows.features, rows.labels);
  return rows;
}

// 400 rows that all differ, some of them dropped, so that rows and records are not the same number.
std::string Table() {
  RandomStream random = SeededRandom(3).Open({Purpose::kTest});
  std::string text = "site,x,y\r\n";
  for (int i = 0; i < 400; ++i) {
    text += std::string(1, "abc"[random.Below(3)]) + "," + (i % 37 == 0 ? "NA" : std::to_string(i)) + ",";
    text += std::to_string(random.Below(4)) + "\r\n";
  }
  return text;
}

DataSchema Schema() {
  DataSchema schema;
  ColumnSchema x, y;
  x.name = "x";
  x.missing = MissingPolicy::kDropRow;
  y.name = "y";
  y.type = ColumnType::kLabel;
  schema.columns = {x, y};
  schema.label.num_classes = 4;
  return schema;
}

class DataCutTest : public ScratchFolder {
 protected:
  DatasetConfig Csv() const {
    DatasetConfig config;
    config.name = "table";
    config.reader = "csv";
    config.paths = {File("table.csv", Table())};
    config.schema = Schema();
    return config;
  }
  static DatasetConfig Digits() {
    DatasetConfig config;
    config.name = "digits";
    config.reader = "made-digits";
    config.rows = 300;
    config.size = 8;
    return config;
  }

  static DataCutRequest Request(DatasetConfig dataset, const std::string& scheme) {
    DataCutRequest request{std::move(dataset), ParseScheme(scheme).value(), 4, 5, 42};
    const PartitionKind kind = request.scheme.kind;
    if (kind == PartitionKind::kColumn || kind == PartitionKind::kFile) request.clients = 0;
    return request;
  }

  // What the simulator gives its clients, none of it held out.
  static std::vector<Rows> Simulated(const DataCutRequest& request) {
    ExperimentConfig config;
    config.datasets["data"] = request.dataset;
    config.job.spec.data.dataset = "data";
    config.job.spec.data.holdout = 0;
    config.job.spec.seed = request.seed;
    config.partition = ToString(request.scheme);
    config.clients = request.clients;
    config.min_samples = request.min_samples;
    const auto population = BuildPopulation(config);
    EXPECT_TRUE(population.ok()) << population.status().ToString();
    std::vector<Rows> clients;
    for (const SimClient& client : population->clients) clients.push_back(RowsOf(*client.train));
    return clients;
  }

  // What the files hold, read back as a site would.
  std::vector<Rows> Written(const DataCutRequest& request) const {
    const auto cut = CutData(request);
    EXPECT_TRUE(cut.ok()) << cut.status().ToString();
    const auto parts = WriteParts(request.dataset, *cut, Path("parts"));
    EXPECT_TRUE(parts.ok()) << parts.status().ToString();
    std::vector<Rows> clients;
    for (const DataPart& part : *parts) {
      DatasetConfig config = request.dataset;
      config.reader = part.files.size() == 2 ? "idx" : "csv";
      config.paths = {part.files[0]};
      if (part.files.size() == 2) config.labels_path = part.files[1];
      config.num_classes = part.files.size() == 2 ? 10 : 0;
      const auto source = OpenDataset(config);
      EXPECT_TRUE(source.ok()) << source.status().ToString();
      clients.push_back(RowsOf(**source));
    }
    return clients;
  }
};

class EverySchemeTest : public DataCutTest, public testing::WithParamInterface<const char*> {};

TEST_P(EverySchemeTest, FileOfAClientHoldsTheRowsTheSimulatorGivesItInTheirOrder) {
  const DataCutRequest request = Request(Csv(), GetParam());
  const auto written = Written(request);
  ASSERT_GE(written.size(), 3u);
  EXPECT_EQ(written, Simulated(request));
}

INSTANTIATE_TEST_SUITE_P(Schemes, EverySchemeTest,
                         testing::Values("iid", "dirichlet:0.3", "shards:2", "labels:2", "quantity:0.5",
                                         "column:site"));

TEST_F(DataCutTest, ImageFilesHoldTheRowsTheSimulatorGives) {
  const DataCutRequest request = Request(Digits(), "dirichlet:0.5");
  EXPECT_EQ(Written(request), Simulated(request));
}

TEST_F(DataCutTest, AnotherSeedGivesAnotherSplit) {
  DataCutRequest request = Request(Csv(), "iid");
  const auto first = CutData(request);
  request.seed = 43;
  const auto second = CutData(request);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first->split, second->split);
}

TEST_F(DataCutTest, SplitFileGivesTheSameSplitAgain) {
  const auto cut = CutData(Request(Csv(), "dirichlet:0.3"));
  ASSERT_TRUE(cut.ok());
  ASSERT_TRUE(WriteParts(Csv(), *cut, Path("parts")).ok());
  const auto again = CutData(Request(Csv(), "file:" + Path("parts/split.csv")));
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(again->split, cut->split);
}

TEST_F(DataCutTest, TooManyClientsAreRefusedBeforeAnythingIsWritten) {
  DataCutRequest request = Request(Csv(), "iid");
  request.clients = 500;
  const auto cut = CutData(request);
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.status().id(), errors::kPartitionImpossible);
}

}  // namespace
}  // namespace cairn

#include "client/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "client/data/byte_file.h"
#include "client/data/subset_writer.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DatasetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("cairn-" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string File(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  DatasetConfig Csv(const std::string& bytes) {
    DatasetConfig config;
    config.name = "cardio";
    config.reader = "csv";
    config.paths = {File("cardio.csv", bytes)};
    config.label_column = "y";
    return config;
  }
  std::filesystem::path folder_;
};

TEST_F(DatasetTest, ARowFileKeepsItsRowsWithTheirRecordsAndGroups) {
  DatasetConfig config = Csv("x,y\n1,0\n2,1\n3,0\n4,1\n");
  config.group_column = "x";
  config.rows_path = File("rows.txt", "# held out\n3\n0,\n");
  const Result<Dataset> dataset = LoadDataset(config);
  ASSERT_TRUE(dataset.ok()) << dataset.status().ToString();
  EXPECT_THAT(dataset->records, ElementsAre(3u, 0u));
  EXPECT_THAT(dataset->groups, ElementsAre("4", "1"));
  EXPECT_EQ(dataset->summary.rows, 2u);
  EXPECT_THAT(AllLabels(*dataset->source), ElementsAre(1, 0));
}

TEST_F(DatasetTest, SeveralFilesAreOneTableGroupedByFile) {
  DatasetConfig config = Csv("x,y\n1,0\n?,1\n");
  config.paths.push_back(File("b.csv", "y,x\n1,7\n0,?\n"));
  const Result<Dataset> dataset = LoadDataset(config);
  ASSERT_TRUE(dataset.ok()) << dataset.status().ToString();
  EXPECT_THAT(dataset->groups,
              ElementsAre(config.paths[0], config.paths[0], config.paths[1], config.paths[1]));
  std::vector<float> x(4);
  dataset->source->Gather(std::vector<std::uint32_t>{0, 1, 2, 3}, x, {});
  EXPECT_THAT(x, ElementsAre(1, 4, 7, 4));  // the mean is that of both files
  EXPECT_THAT(dataset->summary.missing[0], ::testing::Pair("x", 2u));
}

TEST_F(DatasetTest, SettingsThatCannotWorkAreNamed) {
  DatasetConfig config;
  config.name = "d";
  config.reader = "parquet";
  EXPECT_THAT(OpenDataset(config).status().ToString(),
              HasSubstr("CAIRN-4119 dataset.d: reader 'parquet' is unknown"));
  config.reader = "csv";
  EXPECT_THAT(OpenDataset(config).status().what(), HasSubstr("needs a path"));
  config.paths = {folder_ / "none.csv"};
  config.label_column = "y";
  EXPECT_EQ(OpenDataset(config).status().id(), errors::kDataNotFound);
  config.reader = "idx";
  EXPECT_THAT(OpenDataset(config).status().what(), HasSubstr("labels_path"));
  config.reader = "made-digits";
  config.size = 4;
  EXPECT_THAT(OpenDataset(config).status().what(), HasSubstr("size is 8 to 256, got 4"));
  config.reader = "made-blobs";
  config.rows = 0;
  EXPECT_EQ(OpenDataset(config).status().id(), errors::kDatasetConfig);
}

TEST_F(DatasetTest, SummaryReadsAsLinesForATerminal) {
  const Result<Dataset> dataset = LoadDataset(Csv("x,y\n1,1\n?,1\n"));
  ASSERT_TRUE(dataset.ok());
  const std::string text = FormatSummary(dataset->summary);
  EXPECT_THAT(text, HasSubstr("2 rows · 1 features\n"));
  EXPECT_THAT(text, HasSubstr("label 1  ████████████████████ 2\n"));
  EXPECT_THAT(text, HasSubstr("missing  x 1\n"));
  EXPECT_THAT(text, HasSubstr("! CAIRN-4118 dataset.cardio: every row has the same label"));
}

TEST(ParseRowNumbersTest, EachFaultNamesItsLine) {
  EXPECT_THAT(*ParseRowNumbers("0 2\n1", "r", 3), ElementsAre(0u, 2u, 1u));
  EXPECT_EQ(ParseRowNumbers("0\n3", "r", 3).status().ToString(),
            "CAIRN-4120 r:2: row 3 is not below 3, the rows there are");
  EXPECT_EQ(ParseRowNumbers("0\n\n0", "r", 3).status().what(), "r:3: row 0 is named twice");
  EXPECT_EQ(ParseRowNumbers("x", "r", 3).status().what(), "r:1: expected a row number");
  EXPECT_FALSE(ParseRowNumbers("-1", "r", 3).ok());
  EXPECT_FALSE(ParseRowNumbers("99999999999", "r", 3).ok());
}

TEST_F(DatasetTest, APartOfACsvKeepsHeaderAndOriginalLines) {
  DatasetConfig config =
      Csv("banner\nx;y;\"note, long\"\r\n1.50;0;a\r\nbad;0;b\r\n\r\n3;1;\"two\nlines\"\r\n4;0;last");
  config.format.skip_lines = 1;
  config.max_bad_rows = 1;
  config.schema.emplace();
  config.schema->columns.resize(2);
  config.schema->columns[0].name = "x";
  config.schema->columns[1].name = "y";
  config.schema->columns[1].type = ColumnType::kLabel;
  const Result<Dataset> dataset = LoadDataset(config);
  ASSERT_TRUE(dataset.ok()) << dataset.status().ToString();
  ASSERT_EQ(dataset->source->size(), 3u);
  const Result<SubsetWriter> writer = SubsetWriter::Open(config);
  ASSERT_TRUE(writer.ok());
  const auto files = writer->Write(*dataset, std::vector<std::uint32_t>{2, 1}, folder_ / "part");
  ASSERT_TRUE(files.ok()) << files.status().ToString();
  EXPECT_EQ(*ReadDataFile(folder_ / "part.csv"),
            "banner\nx;y;\"note, long\"\r\n3;1;\"two\nlines\"\r\n4;0;last\n");
  config.paths = *files;
  EXPECT_EQ(LoadDataset(config)->source->size(), 2u);
}

TEST_F(DatasetTest, APartOfMadeDigitsReadsBackAsTheSameImages) {
  DatasetConfig config;
  config.reader = "made-digits";
  config.rows = 20;
  config.size = 12;
  const Result<Dataset> digits = LoadDataset(config);
  ASSERT_TRUE(digits.ok());
  const std::vector<std::uint32_t> rows = {17, 4};
  const auto files = SubsetWriter::Open(config)->Write(*digits, rows, folder_ / "part");
  ASSERT_TRUE(files.ok()) << files.status().ToString();
  DatasetConfig part;
  part.reader = "idx";
  part.paths = {files->at(0)};
  part.labels_path = files->at(1);
  part.num_classes = 10;
  const Result<Dataset> read = LoadDataset(part);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  std::vector<float> before(288), after(288);
  std::vector<std::int64_t> labels(2), read_labels(2);
  digits->source->Gather(rows, before, labels);
  read->source->Gather(std::vector<std::uint32_t>{0, 1}, after, read_labels);
  EXPECT_EQ(before, after);
  EXPECT_EQ(labels, read_labels);

  // A part of the part, through the idx path.
  const auto again = SubsetWriter::Open(part)->Write(*read, std::vector<std::uint32_t>{1}, folder_ / "again");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(ReadDataFile(again->at(0))->size(), 16u + 144u);
}

TEST_F(DatasetTest, OnlyOneFileOrAPairCanBeCut) {
  DatasetConfig config = Csv("x,y\n1,0\n2,1\n");
  config.paths.push_back(config.paths[0]);
  EXPECT_EQ(SubsetWriter::Open(config).status().id(), errors::kDatasetConfig);
}

}  // namespace
}  // namespace cairn

// The cleaning of FLamby's Fed-Heart-Disease, expressed in our schema, over the four hospitals' files.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "client/data/byte_file.h"
#include "client/data/csv_reader.h"
#include "client/data/table_source.h"
#include "tests/unit/client/data/heart_files.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;

class HeartDiseaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("CAIRN_TEST_DATA");
    if (data != nullptr) folder_ = std::string(data) + "/heart-disease/";
    if (folder_.empty() || !std::filesystem::exists(folder_)) GTEST_SKIP() << "no heart-disease data here";
  }
  CsvTable Read(const std::string& hospital, const CsvOptions& options) {
    const std::string path = folder_ + "processed." + hospital + ".data";
    const Result<std::string> bytes = ReadDataFile(path);
    EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
    Result<CsvTable> table = ReadCsv(*bytes, path, options);
    EXPECT_TRUE(table.ok()) << table.status().ToString();
    return std::move(table).value();
  }
  std::string folder_;
};

TEST_F(HeartDiseaseTest, CleaningLeavesFlambysRowsAndPositives) {
  const std::vector<std::pair<std::string, std::pair<std::uint64_t, std::uint64_t>>> expected = {
      {"cleveland", {303, 139}}, {"hungarian", {261, 98}}, {"switzerland", {46, 45}}, {"va", {130, 101}}};
  for (const auto& [hospital, counts] : expected) {
    const CsvTable table = Read(hospital, HeartOptions());
    EXPECT_EQ(table.summary.rows, counts.first) << hospital;
    EXPECT_EQ(table.summary.label_histogram[1], counts.second) << hospital;
    EXPECT_THAT(table.summary.features,
                ElementsAre("age", "sex", "trestbps", "chol", "fbs", "thalach", "exang", "oldpeak", "cp=2",
                            "cp=3", "cp=4", "restecg=1", "restecg=2"));
  }
}

TEST_F(HeartDiseaseTest, ZurichsTrainingRowsHaveThePublishedMeansAndAConstantBecomesZero) {
  const CsvTable table = Read("switzerland", HeartOptions());
  const std::vector<std::uint32_t> test = {5, 6, 7, 8, 13, 14, 18, 19, 20, 22, 24, 28, 29, 32, 40, 41};
  std::vector<std::uint32_t> train;
  for (std::uint32_t row = 0; row < table.source->size(); ++row) {
    if (!std::binary_search(test.begin(), test.end(), row)) train.push_back(row);
  }
  const FeatureScale scale = MeasureScale(*table.source, train);
  EXPECT_NEAR(scale.mean[0], 57.06667, 1e-5);   // age
  EXPECT_NEAR(scale.mean[2], 136.83333, 1e-5);  // trestbps
  EXPECT_NEAR(scale.mean[5], 114.53333, 1e-5);  // thalach
  EXPECT_EQ(scale.std[3], 0.0);                 // chol is 0 = unknown in every row

  std::int64_t positives = 0;
  std::vector<std::int64_t> labels(train.size());
  table.source->Gather(train, {}, labels);
  for (const std::int64_t label : labels) positives += label;
  EXPECT_EQ(positives, 30);
}

TEST_F(HeartDiseaseTest, OneCategoryMatchesBothStylesOfNumber) {
  // Cleveland writes 1.0 where Hungary writes 1.
  const CsvTable cleveland = Read("cleveland", HeartOptions());
  std::vector<float> first(13);
  cleveland.source->Gather(std::vector<std::uint32_t>{0}, first, {});
  EXPECT_THAT(first, ElementsAre(63, 1, 145, 233, 1, 150, 0, 2.3f, 0, 0, 0, 0, 1));
}

}  // namespace
}  // namespace cairn

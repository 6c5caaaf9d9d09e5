#include "client/data/idx_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "client/data/dataset.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Idx(unsigned char type, std::vector<std::uint32_t> dims, std::string data) {
  std::string bytes{'\0', '\0', static_cast<char>(type), static_cast<char>(dims.size())};
  for (const std::uint32_t dim : dims) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(dim >> shift & 255);
  }
  return bytes + data;
}

std::string ErrorOf(const std::string& images, const std::string& labels, std::int64_t classes = 0) {
  const auto source = ReadIdx(images, labels, {"img", "lab"}, classes, {});
  return source.ok() ? "OK" : source.status().ToString();
}

const std::string kTwoLabels = Idx(0x08, {2}, std::string("\x03\x00", 2));

TEST(IdxReaderTest, BytesBecomeUnitIntervalImagesOfOneChannel) {
  const auto source =
      ReadIdx(Idx(0x08, {2, 1, 2}, std::string("\x00\xff\x33\x66", 4)), kTwoLabels, {"img", "lab"}, 0, {});
  ASSERT_TRUE(source.ok()) << source.status().ToString();
  EXPECT_THAT((*source)->feature_shape().dims, ElementsAre(1, 1, 2));
  EXPECT_EQ((*source)->num_classes(), 4);
  std::vector<float> features(4);
  std::vector<std::int64_t> labels(2);
  (*source)->Gather(std::vector<std::uint32_t>{1, 0}, features, labels);
  EXPECT_THAT(features, ElementsAre(0.2f, 0.4f, 0.0f, 1.0f));
  EXPECT_THAT(labels, ElementsAre(0, 3));
}

TEST(IdxReaderTest, NormalisationIsPerChannel) {
  const std::string images = Idx(0x08, {2, 2, 1, 1}, std::string("\x00\xff\xff\x00", 4));
  const auto source = ReadIdx(images, kTwoLabels, {"img", "lab"}, 0, {{0.5f, 0.0f}, {0.5f, 0.25f}});
  ASSERT_TRUE(source.ok());
  std::vector<float> features(4);
  (*source)->Gather(std::vector<std::uint32_t>{0, 1}, features, {});
  EXPECT_THAT(features, ElementsAre(-1, 4, 1, 0));
  EXPECT_THAT(ReadIdx(images, kTwoLabels, {"img", "lab"}, 0, {{1, 2, 3}, {}}).status().ToString(),
              HasSubstr("CAIRN-4119"));
  EXPECT_THAT(ReadIdx(images, kTwoLabels, {"img", "lab"}, 0, {{}, {0}}).status().ToString(),
              HasSubstr("CAIRN-4119"));
}

TEST(IdxReaderTest, WiderTypesAreBigEndian) {
  const auto gather = [](const std::string& images) {
    const auto source = ReadIdx(images, kTwoLabels, {"img", "lab"}, 0, {});
    EXPECT_TRUE(source.ok()) << source.status().ToString();
    std::vector<float> features(2);
    (*source)->Gather(std::vector<std::uint32_t>{0, 1}, features, {});
    return features;
  };
  EXPECT_THAT(gather(Idx(0x0B, {2, 1}, std::string("\x01\x00\xff\xfe", 4))), ElementsAre(256, -2));
  EXPECT_THAT(gather(Idx(0x0C, {2, 1}, std::string("\x00\x00\x00\x05\xff\xff\xff\xff", 8))),
              ElementsAre(5, -1));
  EXPECT_THAT(gather(Idx(0x0D, {2, 1}, std::string("\x3f\xc0\x00\x00\xbf\x80\x00\x00", 8))),
              ElementsAre(1.5f, -1.0f));
}

TEST(IdxReaderTest, HostileHeadersAreRefusedWithTheirBytesAndSizes) {
  EXPECT_EQ(ErrorOf("", kTwoLabels), "CAIRN-4110 img has 0 bytes, too few for an IDX header");
  EXPECT_THAT(ErrorOf("\x89PNG", kTwoLabels), HasSubstr("CAIRN-4110 img starts with bytes 89504e47"));
  EXPECT_THAT(ErrorOf(Idx(0x09, {2, 1}, "ab"), kTwoLabels), HasSubstr("CAIRN-4110"));
  EXPECT_THAT(ErrorOf(Idx(0x08, {1, 1, 1, 1, 1}, "a"), kTwoLabels), HasSubstr("CAIRN-4110"));
  EXPECT_THAT(ErrorOf(Idx(0x08, {2, 1, 2}, "").substr(0, 9), kTwoLabels),
              HasSubstr("CAIRN-4111 img ends within its header"));
  EXPECT_EQ(ErrorOf(Idx(0x08, {2, 1, 2}, "abc"), kTwoLabels),
            "CAIRN-4111 img has 3 bytes of data, its header says 4");
  EXPECT_EQ(ErrorOf(Idx(0x08, {2, 1, 2}, "abcde"), kTwoLabels),
            "CAIRN-4111 img has 5 bytes of data, its header says 4");
  constexpr std::uint32_t kBig = 0xffffffff;
  EXPECT_THAT(ErrorOf(Idx(0x0C, {kBig, kBig, kBig}, ""), kTwoLabels), HasSubstr("overflows"));
  EXPECT_THAT(ErrorOf(Idx(0x08, {0, 5}, ""), Idx(0x08, {0}, "")), HasSubstr("CAIRN-4109"));
}

TEST(IdxReaderTest, ImagesAndLabelsMustBelongTogether) {
  EXPECT_EQ(ErrorOf(Idx(0x08, {3, 1}, "abc"), kTwoLabels), "CAIRN-4112 img holds 3 examples, lab 2 labels");
  EXPECT_THAT(ErrorOf(kTwoLabels, kTwoLabels), HasSubstr("it looks like a label file"));
  EXPECT_THAT(ErrorOf(kTwoLabels, Idx(0x08, {2, 1}, "ab")), HasSubstr("lab holds no labels"));
  EXPECT_EQ(ErrorOf(Idx(0x08, {2, 1}, "ab"), kTwoLabels, 3),
            "CAIRN-4104 lab: row 0: expected a class from 0 to 2, got 3");
  EXPECT_THAT(ErrorOf(Idx(0x0D, {2, 1}, std::string("\x7f\xc0\x00\x00\x00\x00\x00\x00", 8)), kTwoLabels),
              HasSubstr("CAIRN-4102"));
}

TEST(IdxReaderTest, FashionMnistReadsFromItsGzipFiles) {
  const std::string folder = "/usr/share/datasets/fashion-mnist/";  // Debian package dataset-fashion-mnist
  if (!std::filesystem::exists(folder + "train-images-idx3-ubyte.gz"))
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  DatasetConfig config;
  config.name = "fashion";
  config.reader = "idx";
  config.paths = {folder + "train-images-idx3-ubyte.gz"};
  config.labels_path = folder + "train-labels-idx1-ubyte.gz";
  const auto begin = std::chrono::steady_clock::now();
  const Result<Dataset> dataset = LoadDataset(config);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  ASSERT_TRUE(dataset.ok()) << dataset.status().ToString();
  RecordProperty("milliseconds", static_cast<int>(seconds.count() * 1000));
  EXPECT_EQ(dataset->source->size(), 60000u);
  EXPECT_THAT(dataset->source->feature_shape().dims, ElementsAre(1, 28, 28));
  EXPECT_THAT(dataset->summary.label_histogram, ::testing::Each(6000u));
}

}  // namespace
}  // namespace cairn

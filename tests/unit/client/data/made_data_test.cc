#include "client/data/made_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace cairn {
namespace {

std::vector<float> Features(const ExampleSource& source, std::uint32_t first, std::uint32_t count) {
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), first);
  std::vector<float> out(count * static_cast<std::size_t>(source.feature_shape().size()));
  source.Gather(rows, out, {});
  return out;
}

// Share of test rows whose nearest class mean is their own.
double NearestMeanAccuracy(const ExampleSource& train, const ExampleSource& test) {
  const auto width = static_cast<std::size_t>(train.feature_shape().size());
  const auto classes = static_cast<std::size_t>(train.num_classes());
  std::vector<std::vector<double>> means(classes, std::vector<double>(width, 0));
  const std::vector<std::int64_t> labels = AllLabels(train), truth = AllLabels(test);
  const std::vector<std::uint64_t> counts = LabelHistogram(train);
  const std::vector<float> x = Features(train, 0, train.size()), t = Features(test, 0, test.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i / width]);
    means[label][i % width] += x[i] / static_cast<double>(counts[label]);
  }
  std::size_t right = 0;
  for (std::size_t row = 0; row < truth.size(); ++row) {
    std::vector<double> distance(classes, 0);
    for (std::size_t c = 0; c < classes; ++c) {
      for (std::size_t i = 0; i < width; ++i)
        distance[c] += (t[row * width + i] - means[c][i]) * (t[row * width + i] - means[c][i]);
    }
    right += std::min_element(distance.begin(), distance.end()) - distance.begin() == truth[row] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(truth.size());
}

TEST(MadeDigitsTest, ALongerSetBeginsWithTheShorterAndFirstRowMovesOn) {
  const auto longer = MadeDigits(3, 40, 14), shorter = MadeDigits(3, 10, 14),
             later = MadeDigits(3, 10, 14, 30);
  EXPECT_EQ(Features(*longer, 0, 10), Features(*shorter, 0, 10));
  EXPECT_EQ(Features(*longer, 30, 10), Features(*later, 0, 10));
  EXPECT_NE(Features(*shorter, 0, 10), Features(*MadeDigits(4, 10, 14), 0, 10));
}

TEST(MadeDigitsTest, ImagesLieInTheUnitIntervalAndEveryClassIsThere) {
  const auto digits = MadeDigits(1, 500, 28);
  EXPECT_EQ(digits->feature_shape(), (ExampleShape{{1, 28, 28}}));
  EXPECT_EQ(digits->num_classes(), 10);
  const std::vector<float> x = Features(*digits, 0, 500);
  EXPECT_GE(*std::min_element(x.begin(), x.end()), 0.0f);
  EXPECT_LE(*std::max_element(x.begin(), x.end()), 1.0f);
  for (const std::uint64_t count : LabelHistogram(*digits)) EXPECT_GT(count, 20u);
}

TEST(MadeDigitsTest, ClassesCanBeToldApartButNotByTheMeanImageAlone) {
  // Learnable, yet leaving a model something to learn beyond ten templates.
  const double accuracy = NearestMeanAccuracy(*MadeDigits(1, 2000, 28), *MadeDigits(1, 500, 28, 2000));
  EXPECT_GT(accuracy, 0.45);
  EXPECT_LT(accuracy, 0.92);
}

TEST(MadeBlobsTest, CentresAreSharedBetweenTrainingAndTestRows) {
  const auto train = MadeBlobs(5, 600, 8, 3), test = MadeBlobs(5, 200, 8, 3, 2.0, 600);
  EXPECT_GT(NearestMeanAccuracy(*train, *test), 0.95);
}

}  // namespace
}  // namespace cairn

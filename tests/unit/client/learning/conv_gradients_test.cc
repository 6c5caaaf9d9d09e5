#include "client/learning/conv_gradients.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace cairn {
namespace {

std::vector<float> Draw(std::size_t count, std::uint64_t seed) {
  RandomStream stream = SeededRandom(seed).Open({});
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(stream.Normal());
  return values;
}

class ConvOuterTest : public ::testing::TestWithParam<const char*> {};

TEST_P(ConvOuterTest, EveryLevelEqualsThePlainLoopBitForBit) {
  const DenseKernels* kernels = FindDenseKernels(GetParam());
  if (kernels == nullptr) GTEST_SKIP() << "this processor has no " << GetParam();
  for (const ConvShape& s : {ConvShape{1, 1, 1, 1, 1},
                             {2, 3, 3, 4, 5},
                             {1, 32, 5, 6, 6},
                             {3, 64, 5, 7, 4},
                             {2, 117, 7, 3, 3},
                             {1, 16, 8, 5, 2}}) {
    const std::size_t width = s.columns + s.kernel - 1, height = s.rows + s.kernel - 1;
    const auto x = Draw(s.channels * height * width, 1), d = Draw(s.rows * s.columns * s.outputs, 2);
    std::vector<float> expected, got(s.channels * s.kernel * s.kernel * s.outputs, 7.0f);
    for (std::size_t c = 0; c < s.channels; ++c) {
      for (std::size_t v = 0; v < s.kernel; ++v) {
        for (std::size_t u = 0; u < s.kernel; ++u) {
          for (std::size_t o = 0; o < s.outputs; ++o) {
            float sum = 0;
            for (std::size_t i = 0; i < s.rows; ++i) {
              for (std::size_t j = 0; j < s.columns; ++j)
                sum = std::fma(d[(i * s.columns + j) * s.outputs + o],
                               x[(c * height + i + v) * width + j + u], sum);
            }
            expected.push_back(sum);
          }
        }
      }
    }
    kernels->conv_outer(d.data(), x.data(), got.data(), s);
    EXPECT_EQ(got, expected) << s.outputs << " outputs, kernel " << s.kernel;
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, ConvOuterTest, ::testing::Values("base", "avx2", "avx512"),
                         [](const auto& level) { return std::string(level.param); });

constexpr ConvGradients::Layer kLayer = {
    .channels = 2, .height = 5, .width = 4, .outputs = 3, .kernel = 3, .pad = 1};
constexpr std::size_t kImage = 2 * 5 * 4, kPositions = 5 * 4, kWeights = 3 * 2 * 3 * 3;

TEST(ConvGradientsTest, RowsOfABatchAreTheSameBitsAlone) {
  const auto inputs = Draw(6 * kImage, 1), deltas = Draw(6 * 3 * kPositions, 2);
  const std::vector<std::uint32_t> six = {1, 2, 3, 4, 5, 6}, one = {1};
  UnitNorms norms;
  norms.Start(six);
  ConvGradients together(kLayer), alone(kLayer);
  together.Make(inputs.data(), deltas.data(), 6);
  together.AddNorms(norms);
  norms.Clip(1);
  std::vector<double> weights(kWeights, 0.0), biases(3, 0.0), weights_alone = weights, biases_alone = biases;
  together.AddWeight(norms, weights);
  together.AddBias(norms, biases);
  for (std::size_t r = 0; r < 6; ++r) {
    UnitNorms own;
    own.Start(one);
    alone.Make(&inputs[r * kImage], &deltas[r * 3 * kPositions], 1);
    alone.AddNorms(own);
    own.Clip(1);
    EXPECT_EQ(own.factors()[0], norms.factors()[r]);
    alone.AddWeight(own, weights_alone);
    alone.AddBias(own, biases_alone);
  }
  EXPECT_EQ(weights, weights_alone);
  EXPECT_EQ(biases, biases_alone);
  std::vector<float> sum(kWeights);
  together.SumWeight(norms, sum);
  for (std::size_t i = 0; i < kWeights; ++i) EXPECT_NEAR(sum[i], weights[i], 1e-6);
}

TEST(ConvGradientsTest, RowThatIsNotFiniteAddsNothing) {
  auto inputs = Draw(2 * kImage, 1);
  const auto deltas = Draw(2 * 3 * kPositions, 2);
  inputs[3] = std::numeric_limits<float>::infinity();
  const std::vector<std::uint32_t> two = {1, 2}, one = {1};
  UnitNorms norms, own;
  norms.Start(two);
  own.Start(one);
  ConvGradients both(kLayer), second(kLayer);
  both.Make(inputs.data(), deltas.data(), 2);
  both.AddNorms(norms);
  norms.Clip(1);
  second.Make(&inputs[kImage], &deltas[3 * kPositions], 1);
  second.AddNorms(own);
  own.Clip(1);
  std::vector<float> sum(kWeights), expected(kWeights);
  both.SumWeight(norms, sum);
  second.SumWeight(own, expected);
  EXPECT_EQ(sum, expected);
}

}  // namespace
}  // namespace cairn

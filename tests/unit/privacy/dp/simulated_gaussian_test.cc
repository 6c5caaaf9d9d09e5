#include "privacy/dp/simulated_gaussian.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "tests/unit/privacy/dp/statistics.h"

namespace cairn {
namespace {

class SimulatedGaussianTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!ForceSimulatedGaussianKernel(GetParam().c_str()))
      GTEST_SKIP() << "this machine cannot run " << GetParam();
  }
  void TearDown() override { ForceSimulatedGaussianKernel("auto"); }

  static std::vector<float> Fill(std::size_t size, std::uint64_t seed) {
    NoiseBits bits = NoiseBits::Simulated(seed);
    std::vector<float> values(size);
    FillSimulatedGaussian(values, bits);
    return values;
  }
};
INSTANTIATE_TEST_SUITE_P(Kernels, SimulatedGaussianTest, testing::Values("base", "avx2", "avx512"),
                         [](const auto& kernel) { return kernel.param; });

TEST_P(SimulatedGaussianTest, GivesTheBitsOfTheBaseLoop) {
  for (const std::size_t size : {1u, 3u, 4u, 4095u, 4096u, 50'001u}) {
    const std::vector<float> ours = Fill(size, size);
    ASSERT_TRUE(ForceSimulatedGaussianKernel("base"));
    const std::vector<float> base = Fill(size, size);
    ASSERT_TRUE(ForceSimulatedGaussianKernel(GetParam().c_str()));
    EXPECT_EQ(std::memcmp(ours.data(), base.data(), size * sizeof(float)), 0) << size;
  }
}

// Six standard errors and a χ² test at 1e-6 over 200 cells of equal probability; fixed seeds.
TEST_P(SimulatedGaussianTest, IsStandardNormal) {
  constexpr std::size_t kSize = 4'000'000;
  constexpr std::size_t kCells = 200;
  const std::vector<float> values = Fill(kSize, 42);
  std::array<double, kCells> cells{};
  double mean = 0, square = 0, fourth = 0;
  for (const float value : values) {
    const double x = value;
    mean += x / kSize, square += x * x / kSize, fourth += x * x * x * x / kSize;
    ASSERT_LT(std::fabs(value), 6.67f);
    ++cells[std::min(kCells - 1, static_cast<std::size_t>(.5 * std::erfc(-x / std::sqrt(2)) * kCells))];
  }
  const double n = kSize;
  EXPECT_NEAR(mean, 0, 6 / std::sqrt(n));
  EXPECT_NEAR(square, 1, 6 * std::sqrt(2 / n));
  EXPECT_NEAR(fourth, 3, 6 * std::sqrt(96 / n));
  double statistic = 0;
  const double expected = n / kCells;
  for (const double seen : cells) statistic += (seen - expected) * (seen - expected) / expected;
  EXPECT_GT(ChiSquareTail(statistic, kCells - 1), 1e-6);
}

TEST_P(SimulatedGaussianTest, PairsOfOneDrawDoNotCorrelate) {
  const std::vector<float> values = Fill(4096, 43);
  double sum = 0;
  for (std::size_t i = 0; i < 2048; ++i) sum += static_cast<double>(values[i]) * values[2048 + i];
  EXPECT_LT(std::fabs(sum), 6 * std::sqrt(2048.0));
}

}  // namespace
}  // namespace cairn

#include "client/learning/step_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
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

class StepKernelsTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    kernels_ = FindStepKernels(GetParam());
    if (kernels_ == nullptr) GTEST_SKIP() << "this processor has no " << GetParam();
  }
  const StepKernels* kernels_ = nullptr;
};

TEST_P(StepKernelsTest, DotIsThatOfSixteenLanes) {
  for (const std::size_t count : {0u, 1u, 15u, 16u, 17u, 100u, 784u}) {
    const std::vector<float> a = Draw(count, 1), b = Draw(count, 2);
    double lanes[16] = {};
    for (std::size_t i = 0; i < count; ++i) lanes[i % 16] += double{a[i]} * double{b[i]};
    for (int half = 8; half >= 1; half /= 2) {
      for (int k = 0; k < half; ++k) lanes[k] += lanes[k + half];
    }
    EXPECT_EQ(kernels_->dot(a.data(), b.data(), count), lanes[0]) << count;
  }
}

TEST_P(StepKernelsTest, RoundIsToTheNearestWithTiesToEven) {
  std::vector<float> values = Draw(1003, 3);
  const float special[] = {0.0f, -0.0f, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 1e-40f, 0x1p30f, -0x1.fffffep29f};
  std::copy(std::begin(special), std::end(special), values.begin() + 5);
  for (const double scale : {1.0, 0x1p20}) {
    std::vector<std::int64_t> sum(values.size(), 99), expected;
    for (const float v : values) expected.push_back(std::llrint(double{v} * scale));
    kernels_->round(values.data(), scale, sum.data(), values.size(), false);
    EXPECT_EQ(sum, expected);
    kernels_->round(values.data(), scale, sum.data(), values.size(), true);
    for (std::int64_t& e : expected) e *= 2;
    EXPECT_EQ(sum, expected);
  }
}

TEST_P(StepKernelsTest, SgdIsItsFormula) {
  std::vector<float> w = Draw(1003, 4), expected = w;
  const std::vector<float> g = Draw(1003, 5);
  for (const float decay : {0.0f, 0.01f}) {
    for (std::size_t i = 0; i < w.size(); ++i) {
      const float decayed = decay * expected[i];
      const float sum = g[i] + decayed;
      const float move = 0.1f * sum;
      expected[i] -= move;
    }
    kernels_->sgd(w.data(), g.data(), 0.1f, decay, w.size());
    EXPECT_EQ(w, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, StepKernelsTest, ::testing::Values("base", "avx2", "avx512"),
                         [](const auto& level) { return std::string(level.param); });

TEST(FindStepKernelsTest, UnknownLevelIsNull) { EXPECT_EQ(FindStepKernels("sse9"), nullptr); }

}  // namespace
}  // namespace cairn

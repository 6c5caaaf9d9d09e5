#include "client/learning/dense_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/base/random.h"

namespace cairn {
namespace {

struct Case {
  std::size_t rows, in, out;
};

std::vector<float> Draw(std::size_t count, std::uint64_t seed) {
  RandomStream stream = SeededRandom(seed).Open({});
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(stream.Normal());
  return values;
}

// The definition: sixteen lanes, then the tree.
float PlainDot(const float* a, const float* b, std::size_t n) {
  float lanes[16] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i % 16] = std::fma(a[i], b[i], lanes[i % 16]);
  for (int half = 8; half >= 1; half /= 2) {
    for (int k = 0; k < half; ++k) lanes[k] += lanes[k + half];
  }
  return lanes[0];
}

struct Products {
  std::vector<float> y, dx, grad, updated;
};

Products Plain(const Case& c, const std::vector<float>& x, const std::vector<float>& w,
               const std::vector<float>& bias, const std::vector<float>& d) {
  Products p{std::vector<float>(c.rows * c.out), std::vector<float>(c.rows * c.in),
             std::vector<float>(w.size()), w};
  for (std::size_t r = 0; r < c.rows; ++r) {
    for (std::size_t o = 0; o < c.out; ++o)
      p.y[r * c.out + o] = PlainDot(&x[r * c.in], &w[o * c.in], c.in) + bias[o];
    for (std::size_t i = 0; i < c.in; ++i) {
      float sum = 0;
      for (std::size_t o = 0; o < c.out; ++o) sum = std::fma(d[r * c.out + o], w[o * c.in + i], sum);
      p.dx[r * c.in + i] = sum;
    }
    for (std::size_t o = 0; o < c.out; ++o) {
      for (std::size_t i = 0; i < c.in; ++i) {
        float& grad = p.grad[o * c.in + i];
        grad = std::fma(d[r * c.out + o], x[r * c.in + i], grad);
        float& updated = p.updated[o * c.in + i];
        updated = std::fma(d[r * c.out + o], x[r * c.in + i], updated);
      }
    }
  }
  return p;
}

class DenseKernelsTest : public ::testing::TestWithParam<const char*> {};

TEST_P(DenseKernelsTest, EveryLevelEqualsThePlainLoopBitForBit) {
  const DenseKernels* kernels = FindDenseKernels(GetParam());
  if (kernels == nullptr) GTEST_SKIP() << "this processor has no " << GetParam();
  for (const Case& c : {Case{1, 1, 1},
                        {3, 13, 1},
                        {4, 13, 2},
                        {10, 16, 5},
                        {7, 33, 9},
                        {11, 47, 4},
                        {25, 200, 10},
                        {32, 31, 3},
                        {64, 150, 13}}) {
    const auto x = Draw(c.rows * c.in, 1), w = Draw(c.out * c.in, 2), bias = Draw(c.out, 3),
               d = Draw(c.rows * c.out, 4);
    const Products expected = Plain(c, x, w, bias, d);
    Products got{std::vector<float>(c.rows * c.out), std::vector<float>(c.rows * c.in),
                 std::vector<float>(w.size(), 7.0f), w};
    kernels->forward(x.data(), w.data(), bias.data(), got.y.data(), c.rows, c.in, c.out);
    kernels->backward_input(d.data(), w.data(), got.dx.data(), c.rows, c.in, c.out);
    kernels->outer(d.data(), c.out, x.data(), got.grad.data(), c.rows, c.in, c.out, false);
    kernels->outer(d.data(), c.out, x.data(), got.updated.data(), c.rows, c.in, c.out, true);
    std::vector<float> some(c.out / 2 * c.in, 7.0f);  // of the later outputs
    const std::size_t first = c.out - c.out / 2;
    kernels->outer(d.data() + first, c.out, x.data(), some.data(), c.rows, c.in, c.out / 2, false);
    EXPECT_TRUE(std::equal(some.begin(), some.end(), &expected.grad[0] + first * c.in));
    EXPECT_EQ(got.y, expected.y) << c.rows << " " << c.in << " " << c.out;
    EXPECT_EQ(got.dx, expected.dx) << c.rows << " " << c.in << " " << c.out;
    EXPECT_EQ(got.grad, expected.grad) << c.rows << " " << c.in << " " << c.out;
    EXPECT_EQ(got.updated, expected.updated) << c.rows << " " << c.in << " " << c.out;
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, DenseKernelsTest, ::testing::Values("base", "avx2", "avx512"),
                         [](const auto& level) { return std::string(level.param); });

TEST(FindDenseKernelsTest, UnknownLevelIsNull) { EXPECT_EQ(FindDenseKernels("sse9"), nullptr); }

}  // namespace
}  // namespace cairn

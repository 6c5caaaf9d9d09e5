#include "privacy/dp/exp_comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "privacy/dp/layered_gaussian.h"

namespace cairn {
namespace {

// 64 bits of u, as a long double holds them.
long double Unit(std::uint64_t u) { return static_cast<long double>(u) * 0x1p-64L; }

TEST(ExpComparisonTest, AgreesWithExtendedPrecisionWhereThatCanTell) {
  NoiseBits bits = NoiseBits::Simulated(11);
  int decided = 0;
  for (const double sigma : {.0625, .5, 3.0, 1000.5, 8388608.0}) {
    const GaussianScale scale = GaussianScale::AtLeast(sigma).value();
    for (int i = 0; i < 400; ++i) {
      const std::uint64_t y = bits.Below(static_cast<std::uint64_t>(6 * sigma) + 1);
      const unsigned sevenths = static_cast<unsigned>(bits.Below(std::uint64_t{5}));
      const std::uint64_t weight = (std::uint64_t{1} << 39) + bits.Below(std::uint64_t{1} << 39);
      const long double x = powl(static_cast<long double>(y) / scale.sigma(), 2) / 2;
      const long double bound = expl(-x) * 0x1p40L / static_cast<long double>(weight) / powl(.875L, sevenths);
      // Half the questions are close calls: u within 2^-30 of the bound.
      std::uint64_t u = bits();
      if (i % 2 == 0 && bound < .9L)
        u = static_cast<std::uint64_t>(bound * 0x1p64L) + (bits() >> 30) - (1 << 30);
      if (fabsl(Unit(u) - bound) < 1e-16L) continue;
      const Comparison answer =
          CompareWithExp({y, scale.numerator, scale.shift, weight, 40, sevenths}, std::vector{u});
      EXPECT_EQ(answer, Unit(u) < bound ? Comparison::kLess : Comparison::kNotLess) << sigma << " " << y;
      ++decided;
    }
  }
  EXPECT_GT(decided, 1500);
}

TEST(ExpComparisonTest, MoreWordsDecideWhatOneLeavesOpen) {
  // e^(−1/2) = .9B4597E3 7CB04FF3 D675A354 DDFFFBF0 … in base 16.
  const ExpQuestion question{.y = 1, .numerator = 1, .shift = 0, .weight = 1, .weight_bits = 0};
  const std::uint64_t first = 0x9b4597e37cb04ff3;
  EXPECT_EQ(CompareWithExp(question, std::vector{first}), Comparison::kUndecided);
  EXPECT_EQ(CompareWithExp(question, std::vector{first - 1}), Comparison::kLess);
  EXPECT_EQ(CompareWithExp(question, std::vector{first + 1}), Comparison::kNotLess);
  EXPECT_EQ(CompareWithExp(question, std::vector<std::uint64_t>{first, 0}), Comparison::kLess);
  EXPECT_EQ(CompareWithExp(question, std::vector<std::uint64_t>{first, ~std::uint64_t{0}}),
            Comparison::kNotLess);
  EXPECT_EQ(CompareWithExp(question, std::vector<std::uint64_t>{first, 0xd675a35000000000}),
            Comparison::kLess);
}

TEST(ExpComparisonTest, CoinsSentTheExactWayAreDecidedAsInDoublePrecision) {
  for (const double sigma : {1.0, 300.0, 1048576.0}) {
    LayeredGaussian fast(GaussianScale::AtLeast(sigma).value()), exact = fast;
    exact.set_margin(2);  // every coin that the layer's bound does not decide
    std::vector<std::int64_t> a(20'000), b(20'000);
    NoiseBits bits = NoiseBits::Simulated(12), same = NoiseBits::Simulated(12);
    fast.Fill(a, bits);
    exact.Fill(b, same);
    EXPECT_EQ(a, b) << sigma;
  }
}

}  // namespace
}  // namespace cairn

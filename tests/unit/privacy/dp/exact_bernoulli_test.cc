#include "privacy/dp/exact_bernoulli.h"

#include <gtest/gtest.h>

#include <cmath>

namespace cairn {
namespace {

// Six standard errors: a sound coin fails with probability 2e-9; the seeds are fixed.
template <class Flip>
void ExpectChance(double chance, Flip flip) {
  constexpr int kFlips = 400'000;
  int heads = 0;
  for (int i = 0; i < kFlips; ++i) heads += flip() ? 1 : 0;
  EXPECT_NEAR(heads, chance * kFlips, 6 * std::sqrt(chance * (1 - chance) * kFlips) + 1e-9);
}

TEST(ExactBernoulliTest, RationalCoinsHaveTheirChance) {
  NoiseBits bits = NoiseBits::Simulated(1);
  for (const auto& [p, q] : {std::pair{0, 7}, {3, 7}, {7, 7}, {1, 1000}}) {
    ExpectChance(static_cast<double>(p) / q, [&, p = p, q = q] {
      return FlipRational(static_cast<Uint128>(p), static_cast<Uint128>(q), bits);
    });
  }
}

TEST(ExactBernoulliTest, CoinsOfTwoWordsHaveTheirChance) {
  NoiseBits bits = NoiseBits::Simulated(2);
  const Uint128 q = (static_cast<Uint128>(1) << 100) + 12345;
  ExpectChance(.75, [&] { return FlipRational(q / 4 * 3, q, bits); });
}

TEST(ExactBernoulliTest, ExponentialCoinsHaveTheirChance) {
  NoiseBits bits = NoiseBits::Simulated(3);
  for (const auto& [p, q] : {std::pair{0, 1}, {1, 3}, {1, 1}, {5, 2}, {9, 1}}) {
    ExpectChance(std::exp(-static_cast<double>(p) / q), [&, p = p, q = q] {
      return FlipExpMinus(static_cast<Uint128>(p), static_cast<Uint128>(q), bits);
    });
  }
}

}  // namespace
}  // namespace cairn

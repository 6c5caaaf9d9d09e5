// Whether both samplers draw the discrete Gaussian. With fresh seeds a sound sampler fails any of these tests
// with a probability below 4e-8 (moments, 42 comparisons at six standard errors), 1.4e-5 (law, 14 χ² tests at
// 1e-6), 7e-6 (fast against exact), 1e-6 (tail) and 5e-7 (independence): 2.3e-5 in all.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "privacy/dp/exact_gaussian.h"
#include "privacy/dp/layered_gaussian.h"
#include "tests/unit/privacy/dp/statistics.h"

namespace cairn {
namespace {

class GaussianLawTest : public testing::TestWithParam<double> {
 protected:
  GaussianScale scale() const { return GaussianScale::AtLeast(GetParam()).value(); }
  double sigma() const { return scale().sigma(); }

  std::vector<std::int64_t> Exact(std::size_t n, std::uint64_t seed) const {
    NoiseBits bits = TestBits(seed);
    const ExactGaussian sampler(scale());
    std::vector<std::int64_t> values(n);
    for (std::int64_t& value : values) value = sampler.Draw(bits);
    return values;
  }
  std::vector<std::int64_t> Fast(std::size_t n, std::uint64_t seed) const {
    NoiseBits bits = TestBits(seed);
    std::vector<std::int64_t> values(n);
    LayeredGaussian(scale()).Fill(values, bits);
    return values;
  }

  // Of a million of them: with a wide σ nearly all numbers differ.
  double LawOf(const std::vector<std::int64_t>& values) const {
    const std::size_t most = sigma() < 10'000 ? values.size() : 1'000'000;
    return LawPValue(CountOf(std::span(values).first(most)), sigma());
  }

  void ExpectMoments(const std::vector<std::int64_t>& values) const {
    const Moments seen = MomentsOf(values), truth = TrueMoments(sigma());
    const auto n = static_cast<double>(values.size());
    EXPECT_NEAR(seen.mean, 0, 6 * std::sqrt(truth.variance / n));
    EXPECT_NEAR(seen.variance, truth.variance,
                6 * std::sqrt((truth.fourth - truth.variance * truth.variance) / n));
    // The third moment of a symmetric law has the sixth as its variance: 15σ⁶ or, where a few integers carry
    // all the mass, not above 2 variances.
    const double sixth = std::max(15 * std::pow(truth.variance, 3), 2 * truth.variance);
    EXPECT_NEAR(seen.skewness, 0, 6 * std::sqrt(sixth / n) / std::pow(truth.variance, 1.5));
  }
};
INSTANTIATE_TEST_SUITE_P(Sigma, GaussianLawTest,
                         testing::Values(.5, 1.0, 2.0, 10.0, 100.0, 1832.0, 1048576.0));

TEST_P(GaussianLawTest, FastSamplerHasTheMomentsAndTheLaw) {
  const std::vector<std::int64_t> values = Fast(10'000'000, 101);
  ExpectMoments(values);
  EXPECT_GT(LawOf(values), 1e-6);
}

TEST_P(GaussianLawTest, ExactSamplerHasTheMomentsAndTheLaw) {
  const std::vector<std::int64_t> values = Exact(1'000'000, 202);
  ExpectMoments(values);
  EXPECT_GT(LawOf(values), 1e-6);
}

TEST_P(GaussianLawTest, FastAndExactSamplerCannotBeToldApart) {
  EXPECT_GT(TwoSamplePValue(CountOf(Exact(1'000'000, 303)), CountOf(Fast(1'000'000, 404))), 1e-6);
}

TEST(GaussianTailTest, WideTailHasTheConditionalLaw) {
  const double sigma = 32;  // 256 layers of one number: exactly 8σ
  const LayeredGaussian sampler(GaussianScale::AtLeast(sigma).value());
  NoiseBits bits = TestBits(606);
  std::vector<double> seen(40, 0.0), expected(40, 0.0);
  double n = 0, total = 0;
  for (int i = 0; i < 150'000; ++i) {
    std::uint64_t magnitude = 0;
    if (!sampler.DrawTail(bits, &magnitude)) continue;
    ASSERT_GE(magnitude, 256u);
    ++seen[std::min<std::uint64_t>(magnitude - 256, 39)];
    ++n;
  }
  ASSERT_GT(n, 500);
  for (int k = 0; k < 400; ++k) {
    const double weight = std::exp(-((256.0 + k) * (256.0 + k) - 256.0 * 256.0) / (2 * sigma * sigma));
    expected[static_cast<std::size_t>(std::min(k, 39))] += weight;
    total += weight;
  }
  double statistic = 0, cells = 0, pooled_seen = 0, pooled_expected = 0;
  for (std::size_t k = 0; k < 40; ++k) {
    pooled_seen += seen[k], pooled_expected += n * expected[k] / total;
    if (pooled_expected < 50 && k < 39) continue;
    statistic += std::pow(pooled_seen - pooled_expected, 2) / pooled_expected;
    ++cells, pooled_seen = pooled_expected = 0;
  }
  EXPECT_GT(ChiSquareTail(statistic, cells - 1), 1e-6);
}

double Correlation(std::span<const std::int64_t> a, std::span<const std::int64_t> b, double sigma) {
  double sum = 0;
  for (std::size_t i = 0; i < b.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum / (static_cast<double>(b.size()) * sigma * sigma);
}

TEST(GaussianIndependenceTest, NeighboursAndStreamsDoNotCorrelate) {
  constexpr std::size_t kDraws = 200'000;
  const LayeredGaussian sampler(GaussianScale::AtLeast(100).value());
  const double most = 6 / std::sqrt(static_cast<double>(kDraws));
  std::vector<std::vector<std::int64_t>> streams;
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    NoiseBits bits = TestBits(7000 + seed);
    sampler.Fill(streams.emplace_back(kDraws), bits);
  }
  for (std::size_t lag = 1; lag <= 8; ++lag) {
    const std::span<const std::int64_t> all = streams[0];
    EXPECT_LT(std::fabs(Correlation(all, all.subspan(lag), 100)), most) << "lag " << lag;
  }
  for (std::size_t s = 1; s < streams.size(); ++s) {
    EXPECT_LT(std::fabs(Correlation(streams[s - 1], streams[s], 100)), most) << "stream " << s;
  }
}

}  // namespace
}  // namespace cairn

#include "privacy/accounting/distributed_gaussian.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "privacy/accounting/rdp.h"

namespace cairn {
namespace {

const std::vector<double>& Orders() {
  static const std::vector<double> orders = [] {
    std::vector<double> list;
    for (int order = 2; order <= 128; ++order) list.push_back(order);
    list.push_back(256);
    return list;
  }();
  return orders;
}

double Epsilon(const std::vector<double>& rdp, double delta) {
  return EpsilonOfRdp(Orders(), rdp, Delta::Create(delta).value()).bound.epsilon;
}

// The least x in (low, high) whose ε is at most the target.
template <class F>
double Least(double low, double high, double target, F epsilon_at) {
  while (high - low > 1e-9 * high) {
    const double middle = (low + high) / 2;
    (epsilon_at(middle) > target ? low : high) = middle;
  }
  return high;
}

struct Row {
  std::uint32_t honest;
  int log_dimension;
  double steps, epsilon, delta;
  unsigned bits;
  double central, gamma, local_sigma, share_sigma, ratio;
};

TEST(DistributedGaussianTest, GridAndNoiseOfFiveFederationsAreThoseComputedElsewhere) {
  for (const Row& row : {Row{20, 20, 50, 10, 1e-5, 16, 3.7984, 4.775e-4, .8746, 1832, 1.0297},
                         Row{20, 20, 50, 10, 1e-5, 20, 3.7984, 2.898e-5, .84945, 29310, 1.0001},
                         Row{100, 20, 100, 8, 1e-5, 18, 6.3809, 1.957e-4, .64135, 3276, 1.0051},
                         Row{200, 22, 100, 8, 1e-5, 20, 6.3809, 4.875e-5, .45177, 9267, 1.0013},
                         Row{10000, 20, 1000, 8, 1e-6, 18, 21.967, 7.815e-4, .23671, 302.9, 1.0776}}) {
    const double central = Least(.1, 100, row.epsilon, [&](double z) {
      std::vector<double> rdp;
      for (const double order : Orders()) rdp.push_back(row.steps * SampledGaussianRdp(1, z, order));
      return Epsilon(rdp, row.delta);
    });
    const auto setup_at = [&](double local_sigma) {
      return SetUpDistributedGaussian({.clip = 1,
                                       .honest = row.honest,
                                       .dimension = std::uint64_t{1} << row.log_dimension,
                                       .bits = row.bits,
                                       .local_sigma = local_sigma})
          .value();
    };
    const double local = Least(.01, 10, row.epsilon, [&](double local_sigma) {
      const DistributedGaussianSetup setup = setup_at(local_sigma);
      std::vector<double> rdp;
      for (const double order : Orders())
        rdp.push_back(row.steps * DistributedGaussianRdp(setup.noise, order));
      return Epsilon(rdp, row.delta);
    });
    const DistributedGaussianSetup setup = setup_at(local);
    EXPECT_NEAR(central / row.central, 1, 1e-3);
    EXPECT_NEAR(setup.gamma / row.gamma, 1, 1e-3);
    EXPECT_NEAR(local / row.local_sigma, 1, 1e-3);
    EXPECT_NEAR(setup.share_sigma / row.share_sigma, 1, 1e-3);
    EXPECT_NEAR(local * std::sqrt(row.honest) / central / row.ratio, 1, 1e-3);
  }
}

TEST(DistributedGaussianTest, NarrowSharesCostMoreThanOneGaussianOfTheirSum) {
  const DistributedGaussianNoise wide{20, 1000, 10, 40}, narrow{20, 1000, .6, 2.4};  // one ratio of ρ to s
  EXPECT_DOUBLE_EQ(DistributedGaussianRdp(wide, 4), 2 * 16.0 / 20);
  EXPECT_GT(DistributedGaussianRdp(narrow, 4), DistributedGaussianRdp(wide, 4));
}

TEST(DistributedGaussianTest, FewerHonestSharesCostMore) {
  double before = 1e300;
  for (const std::uint32_t honest : {2u, 12u, 20u}) {
    const double rdp = DistributedGaussianRdp({honest, 1000, 100, 400}, 3);
    EXPECT_LT(rdp, before);
    before = rdp;
  }
}

TEST(DistributedGaussianTest, RangeTooSmallForTheCohortIsRefused) {
  const auto with = [](double clip, std::uint32_t honest, unsigned bits, double sigma) {
    return SetUpDistributedGaussian(
               {.clip = clip, .honest = honest, .dimension = 10, .bits = bits, .local_sigma = sigma})
        .status()
        .id();
  };
  EXPECT_EQ(with(1, 1000, 6, 1), errors::kPrivacyParameter);
  EXPECT_EQ(with(0, 10, 20, 1), errors::kPrivacyParameter);
  EXPECT_EQ(with(1, 0, 20, 1), errors::kPrivacyParameter);
  EXPECT_EQ(with(1, 10, 60, 1), errors::kPrivacyParameter);
  EXPECT_EQ(with(1, 10, 20, std::nan("")), errors::kPrivacyParameter);
}

}  // namespace
}  // namespace cairn

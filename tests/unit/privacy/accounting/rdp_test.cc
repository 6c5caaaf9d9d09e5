#include "privacy/accounting/rdp.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/privacy/accounting/accounts.h"

namespace cairn {
namespace {

// ln E_O[(M/O)^α]/(α − 1) by the trapezoid rule, which is exact to rounding for such integrands.
double RdpByQuadrature(double q, double sigma, double order) {
  const double low = -12 * sigma, high = order + 12 * sigma;
  constexpr int kPoints = 20000;
  const double step = (high - low) / kPoints;
  double excess = 0;  // A − 1, so that small values keep their digits
  for (int i = 0; i <= kPoints; ++i) {
    const double x = low + step * i;
    const double log_ratio = std::log(1 - q + q * std::exp((2 * x - 1) / (2 * sigma * sigma)));
    const double log_density = -x * x / (2 * sigma * sigma) - std::log(sigma * std::sqrt(2 * M_PI));
    const double density = std::exp(log_density);
    const double moment = order * log_ratio < 1 ? density * std::expm1(order * log_ratio)
                                                : std::exp(order * log_ratio + log_density) - density;
    excess += step * (moment - order * density * std::expm1(log_ratio));  // E_O[M/O − 1] = 0
  }
  return std::log1p(excess) / (order - 1);
}

TEST(RdpTest, FractionalOrdersAreExactNotBounds) {
  EXPECT_NEAR(SampledGaussianRdp(.04, 1.5, 3.9), 1.83320219958e-3, 2e-14);
  EXPECT_NEAR(SampledGaussianRdp(.01, 2.5, 1.5), 1.30014179438e-5, 2e-14);
  EXPECT_NEAR(SampledGaussianRdp(.1, 2, 2.5), 3.59407719941e-3, 2e-14);
}

TEST(RdpTest, AgreesWithTheIntegralThatDefinesIt) {
  for (const double q : {.001, .04, .3, .8}) {
    for (const double sigma : {.6, 1.0, 2.5, 8.0}) {
      for (const double order : {1.01, 1.5, 2.0, 2.7, 5.0, 8.9, 17.0}) {
        const double expected = RdpByQuadrature(q, sigma, order);
        const double slack = 1e-7 * expected + 2e-14 / (order - 1);
        EXPECT_NEAR(SampledGaussianRdp(q, sigma, order), expected, slack)
            << "q " << q << " sigma " << sigma << " order " << order;
      }
    }
  }
}

TEST(RdpTest, RisesWithTheOrderAndStaysBelowTheReleaseWithoutSampling) {
  for (const double q : {1e-4, .01, .2, .9}) {
    double before = 0;
    for (const double order : DefaultRdpOrders()) {
      const double rdp = SampledGaussianRdp(q, 1.3, order);
      EXPECT_GE(rdp, before - 1e-12) << "q " << q << " order " << order;
      EXPECT_LE(rdp, SampledGaussianRdp(1, 1.3, order) * (1 + 1e-12) + 1e-12);
      before = rdp;
    }
  }
}

TEST(RdpTest, ExtremeParametersGiveNumbersOrInfinityNeverNaN) {
  for (const double q : {1e-12, .5, 1 - 1e-12, 1.0}) {
    for (const double sigma : {1e-150, 1e-3, 1.0, 1e6}) {
      for (const double order : DefaultRdpOrders()) {
        EXPECT_GE(SampledGaussianRdp(q, sigma, order), 0) << q << " " << sigma << " " << order;
      }
    }
  }
}

TEST(RdpTest, StepsAddUpAndReplaceOneDoublesTheSensitivity) {
  const std::vector<double> orders{1.5, 8};
  PrivacyEvent::Terms terms = GaussianTerms(1, 2, 7);
  terms.convention.adjacency = Adjacency::kReplaceOne;
  const std::vector<double> rdp = RdpOf(PrivacyEvent::Create(terms).value(), orders);
  EXPECT_DOUBLE_EQ(rdp[0], 7 * 1.5 / 2);  // σ 1
  EXPECT_DOUBLE_EQ(rdp[1], 7 * 8 / 2.0);
}

TEST(RdpTest, UndefendedReleaseIsInfinite) {
  const auto event = PrivacyEvent::Create({.mechanism = NoNoise{}, .convention = {}}).value();
  const std::vector<double> rdp = RdpOf(event, DefaultRdpOrders());
  const auto bound = EpsilonOfRdp(DefaultRdpOrders(), rdp, Delta::Create(1e-5).value());
  EXPECT_EQ(bound.bound.epsilon, std::numeric_limits<double>::infinity());
}

TEST(RdpTest, DivergenceBelowDeltaSquaredCostsNothing) {
  const std::vector<double> orders{2, 4}, tiny{1e-12, 2e-12}, small{1e-3, 2e-3};
  EXPECT_EQ(EpsilonOfRdp(orders, tiny, Delta::Create(1e-3).value()).bound.epsilon, 0);
  EXPECT_GT(EpsilonOfRdp(orders, small, Delta::Create(1e-3).value()).bound.epsilon, 0);
}

}  // namespace
}  // namespace cairn

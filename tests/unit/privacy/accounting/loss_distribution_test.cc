#include "privacy/accounting/loss_distribution.h"

#include <gtest/gtest.h>

#include <cmath>

#include "privacy/accounting/gaussian_tradeoff.h"

namespace cairn {
namespace {

constexpr std::size_t kMaxCells = std::size_t{1} << 23;

LossDistribution Composed(const SampledGaussian& pair, std::uint64_t times, double step) {
  const LossDistribution loss = Discretize(pair, step);
  const LossTerm term{&loss, times};
  return Compose({&term, 1}, kMaxCells).value();
}

TEST(LossDistributionTest, OneSampledStepIsBoundedFromAboveAndClosely) {
  for (const Direction direction : {Direction::kRemove, Direction::kAdd}) {
    for (const double q : {.01, .3, 1.0}) {
      const SampledGaussian pair(q, 1.2, direction);
      const LossDistribution loss = Discretize(pair, 1e-3);
      for (const double epsilon : {0.0, .1, .5005, 1.0, 2.0}) {
        const double exact = pair.DeltaAt(epsilon);
        EXPECT_GE(DeltaAt(loss, epsilon), exact - 1e-12) << q << " " << epsilon;
        EXPECT_LE(DeltaAt(loss, epsilon), exact + 1e-6) << q << " " << epsilon;
      }
    }
  }
}

TEST(LossDistributionTest, KeepsTheMassOfBothDistributions) {
  for (const Direction direction : {Direction::kRemove, Direction::kAdd}) {
    const LossDistribution loss = Discretize(SampledGaussian(.2, .9, direction), 1e-3);
    double first = loss.infinite_mass, second = 0;
    for (std::size_t i = 0; i < loss.mass.size(); ++i) {
      EXPECT_GE(loss.mass[i], 0);
      first += loss.mass[i];
      second += loss.mass[i] *
                std::exp(-static_cast<double>(loss.first + static_cast<std::int64_t>(i)) * loss.step);
    }
    EXPECT_NEAR(first, 1, 1e-12);
    EXPECT_NEAR(second, 1, 1e-9);
  }
}

// T Gaussian steps that come to μ together.
LossDistribution Gaussians(double mu, std::uint64_t times, double step) {
  const double z = std::sqrt(static_cast<double>(times)) / mu;
  return Composed(SampledGaussian(1, z, Direction::kRemove), times, step);
}

// Gaussians compose to a Gaussian: a truth at any number of steps. Never below it, and within 2e-4 at the
// step that the accountant takes.
TEST(LossDistributionTest, ManyGaussianStepsStayWithin2e4AboveTheTruth) {
  const Delta delta = Delta::Create(1e-6).value();
  const double truth = GaussianEpsilon(.5, delta).epsilon;
  for (const std::uint64_t times : {1u, 40u, 1000u, 50000u}) {
    const double step = std::min(1e-4, std::sqrt(2.5e-4 * .5 / static_cast<double>(times)));  // deviation ½
    const double ours = EpsilonAt(Gaussians(.5, times, step), delta).epsilon;
    EXPECT_GE(ours, truth) << times;
    EXPECT_LE(ours, truth + 2e-4) << times;
  }
}

// Where the rounding of the transform is as large as δ itself, ε may be far too large but never too small.
TEST(LossDistributionTest, RoundingNeverMakesEpsilonTooSmall) {
  for (const double mu : {.5, 2.0}) {
    for (const std::uint64_t times : {1000u, 50000u, 1000000u}) {
      const LossDistribution sum = Gaussians(mu, times, 5e-5);
      for (const double delta : {1e-8, 1e-10, 2e-11, 1e-12}) {
        const Delta d = Delta::Create(delta).value();
        EXPECT_GE(EpsilonAt(sum, d).epsilon, GaussianEpsilon(mu, d).epsilon)
            << "mu " << mu << " steps " << times << " delta " << delta;
      }
    }
  }
}

TEST(LossDistributionTest, MixedStepsAddTheirSquares) {
  const LossDistribution a = Discretize(SampledGaussian(1, 5, Direction::kAdd), 1e-4);
  const LossDistribution b = Discretize(SampledGaussian(1, 9, Direction::kAdd), 1e-4);
  const std::vector<LossTerm> terms{{&a, 10}, {&b, 30}};
  const LossDistribution sum = Compose(terms, kMaxCells).value();
  const double mu = std::sqrt(10 / 25.0 + 30 / 81.0);
  for (const double epsilon : {.2, 1.0, 3.0}) {
    EXPECT_NEAR(DeltaAt(sum, epsilon), GaussianDelta(mu, epsilon), 1e-7) << epsilon;
  }
  const Delta delta = Delta::Create(1e-5).value();
  EXPECT_NEAR(EpsilonAt(sum, delta).epsilon, GaussianEpsilon(mu, delta).epsilon, 1e-5);
}

TEST(LossDistributionTest, EpsilonIsWhereDeltaIsMet) {
  const LossDistribution sum = Composed(SampledGaussian(.1, 1, Direction::kRemove), 50, 1e-4);
  for (const double delta : {1e-2, 1e-5, 1e-8}) {
    const double epsilon = EpsilonAt(sum, Delta::Create(delta).value()).epsilon;
    EXPECT_NEAR(DeltaAt(sum, epsilon), delta, 1e-6 * delta + 1e-12);
  }
}

TEST(LossDistributionTest, WindowBeyondItsLimitIsRefused) {
  const LossDistribution loss = Discretize(SampledGaussian(1, 1, Direction::kRemove), 1e-4);
  const LossTerm term{&loss, 100};
  EXPECT_FALSE(Compose({&term, 1}, 1 << 16).has_value());
}

TEST(LossDistributionTest, TooSmallADeltaForTheMassAtInfinityIsInfinite) {
  LossDistribution loss{.step = .1, .first = 0, .mass = {.5, .5 - 1e-3}, .infinite_mass = 1e-3};
  EXPECT_TRUE(std::isinf(EpsilonAt(loss, Delta::Create(5e-4).value()).epsilon));
}

}  // namespace
}  // namespace cairn

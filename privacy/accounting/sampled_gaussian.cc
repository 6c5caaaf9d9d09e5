#include "privacy/accounting/sampled_gaussian.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <tuple>

namespace cairn {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kReach = 10;  // standard deviations; beyond lie 8e-24

// The smaller of P[Z ≤ z] and P[Z > z] of a standard normal Z; which of the two, z > 0 says.
double Tail(double z) { return 0.5 * std::erfc(std::fabs(z) / std::numbers::sqrt2); }

// P[a < Z ≤ b] from their tails.
double MassBetween(double a_tail, bool a_is_upper, double b_tail, bool b_is_upper) {
  if (a_is_upper) return std::max(0.0, a_tail - b_tail);
  if (!b_is_upper) return std::max(0.0, b_tail - a_tail);
  return 1 - a_tail - b_tail;
}

}  // namespace

double SampledGaussian::LogRatio(double x) const {
  const double exponent = (2 * x - 1) / (2 * sigma_ * sigma_);
  if (q_ == 1) return exponent;
  if (exponent > 0) return exponent + std::log(q_ + (1 - q_) * std::exp(-exponent));
  return std::log1p(q_ * std::expm1(exponent));
}

double SampledGaussian::PointOf(double ratio) const {
  double exponent = ratio;
  if (q_ < 1) {
    // (e^ratio − (1−q))/q, in the form that neither overflows nor cancels
    const double scaled = ratio > 0 ? 1 - (1 - q_) * std::exp(-ratio) : std::expm1(ratio) + q_;
    if (scaled <= 0) return -kInfinity;
    exponent = std::log(scaled) - std::log(q_) + std::max(ratio, 0.0);
  }
  return sigma_ * sigma_ * exponent + 0.5;
}

SampledGaussian::Edge SampledGaussian::EdgeAt(double loss) const {
  const double x = direction_ == Direction::kRemove ? PointOf(loss) : PointOf(-loss);
  const double without = x / sigma_, with = (x - 1) / sigma_;
  return {Tail(with), Tail(without), with > 0, without > 0};
}

SampledGaussian::Masses SampledGaussian::Between(const Edge& low, const Edge& high) const {
  // Under adding, the loss falls as x rises.
  const auto& [a, b] = direction_ == Direction::kRemove ? std::tie(low, high) : std::tie(high, low);
  const double without = MassBetween(a.without, a.without_is_upper, b.without, b.without_is_upper);
  const double with = MassBetween(a.with, a.with_is_upper, b.with, b.with_is_upper);
  const double mixed = (1 - q_) * without + q_ * with;
  if (direction_ == Direction::kRemove) return {mixed, without};
  return {without, mixed};
}

SampledGaussian::Masses SampledGaussian::Above(double loss) const {
  return Between(EdgeAt(loss), EdgeAt(kInfinity));
}

double SampledGaussian::DeltaAt(double epsilon) const {
  const Masses above = Above(epsilon);
  return std::max(0.0, above.first - std::exp(epsilon) * above.second);
}

double SampledGaussian::lowest() const {
  return direction_ == Direction::kRemove ? LogRatio(-kReach * sigma_) : -LogRatio(kReach * sigma_);
}
double SampledGaussian::highest() const {
  return direction_ == Direction::kRemove ? LogRatio(1 + kReach * sigma_) : -LogRatio(-kReach * sigma_);
}

SampledGaussian::Moments SampledGaussian::LossMoments() const {
  constexpr int kPoints = 2000;
  constexpr double kStep = 2 * kReach / kPoints;
  double mass = 0, first = 0, second = 0;
  const auto add = [&](double weight, double x) {
    const double loss = LogRatio(x);
    mass += weight, first += weight * loss, second += weight * loss * loss;
  };
  for (int i = 0; i <= kPoints; ++i) {
    const double z = -kReach + kStep * i;
    const double weight = std::exp(-0.5 * z * z);
    if (direction_ == Direction::kAdd) {
      add(weight, sigma_ * z);
    } else {
      add((1 - q_) * weight, sigma_ * z);
      add(q_ * weight, 1 + sigma_ * z);
    }
  }
  const double mean = first / mass;
  return {direction_ == Direction::kAdd ? -mean : mean, std::max(0.0, second / mass - mean * mean)};
}

}  // namespace cairn

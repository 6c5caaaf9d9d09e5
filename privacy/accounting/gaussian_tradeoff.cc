#include "privacy/accounting/gaussian_tradeoff.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "privacy/accounting/normal.h"

namespace cairn {

double GaussianDelta(double mu, double epsilon) {
  if (mu == 0) return 0;
  const double above = LogNormalCdf(mu / 2 - epsilon / mu);
  const double below = epsilon + LogNormalCdf(-mu / 2 - epsilon / mu);
  return std::max(0.0, -std::exp(above) * std::expm1(below - above));
}

EpsilonDelta GaussianEpsilon(double mu, Delta delta) {
  if (!std::isfinite(mu)) return {std::numeric_limits<double>::infinity(), delta};
  if (GaussianDelta(mu, 0) <= delta.value()) return {0, delta};
  double low = 0, high = 1;
  while (GaussianDelta(mu, high) > delta.value()) low = high, high *= 2;
  while (high - low > 1e-12 * (1 + low)) {
    const double middle = low + (high - low) / 2;
    (GaussianDelta(mu, middle) > delta.value() ? low : high) = middle;
  }
  return {high, delta};
}

double GaussianTruePositiveRate(double mu, double false_positive_rate) {
  return NormalCdf(NormalQuantile(false_positive_rate) + mu);
}

}  // namespace cairn

#include "privacy/accounting/discrete_gaussian.h"

#include <algorithm>
#include <cmath>

namespace cairn {
namespace {

double Weight(double sigma, double k) { return std::exp(-0.5 * (k / sigma) * (k / sigma)); }

// Beyond lie fewer than 2^−1000 of the weight.
std::int64_t Reach(double sigma) { return static_cast<std::int64_t>(std::ceil(38 * sigma)) + 1; }

struct Sums {
  double weight = 0, squares = 0;
};
// From the outside in, so that small terms are not lost.
Sums SumWeights(double sigma) {
  Sums sums;
  for (std::int64_t k = Reach(sigma); k > 0; --k) {
    const double x = static_cast<double>(k), weight = 2 * Weight(sigma, x);
    sums.weight += weight;
    sums.squares += weight * x * x;
  }
  sums.weight += 1;
  return sums;
}

}  // namespace

double DiscreteGaussianPmf(double sigma, std::int64_t k) {
  return Weight(sigma, static_cast<double>(k)) / SumWeights(sigma).weight;
}

double DiscreteGaussianVariance(double sigma) {
  const Sums sums = SumWeights(sigma);
  return sums.squares / sums.weight;
}

double DiscreteGaussianDelta(double sigma, std::int64_t sensitivity, double epsilon) {
  // Loss of k against k + Δ: (2kΔ + Δ²)/2σ², rising in k; only losses above ε count.
  const double shift = static_cast<double>(sensitivity);
  const std::int64_t reach = Reach(sigma);
  double delta = 0;
  for (std::int64_t k = reach; k >= -reach - sensitivity; --k) {
    const double x = static_cast<double>(k);
    const double loss = (2 * x * shift + shift * shift) / (2 * sigma * sigma);
    if (loss <= epsilon) break;
    delta -= Weight(sigma, x) * std::expm1(epsilon - loss);
  }
  return delta / SumWeights(sigma).weight;
}

}  // namespace cairn

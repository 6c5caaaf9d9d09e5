#include "tests/unit/client/learning/one_run_audit.h"

#include <algorithm>
#include <cmath>

#include "tests/unit/privacy/dp/falsifier.h"

namespace cairn {

double AuditPValue(const AuditResult& result, double epsilon) {
  const double q = 1 / (1 + std::exp(-epsilon)), r = result.guesses, v = result.right;
  const double beta = BinomialAtLeast(v, r, q);
  double alpha = 0;
  if (result.delta > 0) {
    // P[v > Bin(r, q) ≥ v − i]/i, largest over i: the sum grows by one term with i.
    double sum = 0;
    for (double i = 1; i <= v; ++i) {
      const double k = v - i;
      const double log_term = std::lgamma(r + 1) - std::lgamma(k + 1) - std::lgamma(r - k + 1) +
                              k * std::log(q) + (r - k) * std::log1p(-q);
      sum += std::exp(log_term);
      alpha = std::max(alpha, sum / i);
    }
  }
  return beta + 2 * result.canaries * result.delta * alpha;
}

double EpsilonShownBy(const AuditResult& result) {
  if (AuditPValue(result, 0) >= .05) return 0;
  double low = 0, high = 20;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (AuditPValue(result, middle) < .05 ? low : high) = middle;
  }
  return low;
}

}  // namespace cairn

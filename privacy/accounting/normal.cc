#include "privacy/accounting/normal.h"

#include <cmath>
#include <numbers>

namespace cairn {

double LogErfc(double x) {
  if (x < 25) return std::log(std::erfc(x));
  // The asymptotic series; its sixth term is below 1e-15 here, where erfc itself nears the smallest double.
  const double y = 1 / (2 * x * x);
  const double series = y * (-1 + y * (3 + y * (-15 + y * (105 + y * (-945 + y * 10395)))));
  return -x * x - std::log(x * std::sqrt(std::numbers::pi)) + std::log1p(series);
}

double NormalCdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double LogNormalCdf(double x) { return LogErfc(-x / std::numbers::sqrt2) - std::numbers::ln2; }

double NormalQuantile(double p) {
  if (p > 0.5) return -NormalQuantile(1 - p);
  // Newton's method on ln Φ, which is concave: from the left every step stays on the left.
  double x = -std::sqrt(-2 * std::log(p)) - 1;
  for (int step = 0; step < 60; ++step) {
    const double log_cdf = LogNormalCdf(x);
    const double slope = std::exp(-0.5 * x * x - 0.5 * std::log(2 * std::numbers::pi) - log_cdf);
    const double move = (std::log(p) - log_cdf) / slope;
    x += move;
    if (std::fabs(move) < 1e-15 * (1 + std::fabs(x))) break;
  }
  return x;
}

}  // namespace cairn

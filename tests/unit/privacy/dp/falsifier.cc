#include "tests/unit/privacy/dp/falsifier.h"

#include <algorithm>
#include <cmath>

namespace cairn {
namespace {

// Confidence limits of a probability that came true `hits` times in n.
double Low(double hits, double n) {
  if (hits == 0) return 0;
  double low = 0, high = hits / n;
  for (int i = 0; i < 50; ++i) {
    const double p = (low + high) / 2;
    (BinomialAtLeast(hits, n, p) < 5e-7 ? low : high) = p;
  }
  return low;
}
double High(double hits, double n) { return 1 - Low(n - hits, n); }

double Above(std::span<const double> releases, double threshold) {
  return static_cast<double>(std::ranges::count_if(releases, [=](double x) { return x > threshold; }));
}

// The threshold that sets the two apart most, on these releases.
double LearnThreshold(std::span<const double> with, std::span<const double> without, double sensitivity,
                      double epsilon) {
  double best = 0, gain = -1e300;
  for (int sixteenths = 0; sixteenths < 64; ++sixteenths) {
    const double threshold = sensitivity * sixteenths / 16;
    const double here = Above(with, threshold) - std::exp(epsilon) * Above(without, threshold);
    if (here > gain) gain = here, best = threshold;
  }
  return best;
}

}  // namespace

double BinomialAtLeast(double k, double n, double p) {
  if (k <= 0) return 1;
  double log_term = std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
                    (n - k) * std::log1p(-p);
  double sum = 0;
  for (double i = k; i <= n; ++i) {
    const double term = std::exp(log_term);
    sum += term;
    if (term < 1e-18 && i > n * p) break;
    log_term += std::log((n - i) / (i + 1)) + std::log(p) - std::log1p(-p);
  }
  return sum;
}

bool IsFalsified(std::span<const double> with, std::span<const double> without, double sensitivity,
                 PrivacyPromise promise) {
  const std::size_t half = with.size() / 2;
  const auto lies = [&](std::span<const double> a, std::span<const double> b, double threshold) {
    const auto n = static_cast<double>(a.size());
    return Low(Above(a, threshold), n) - std::exp(promise.epsilon) * High(Above(b, threshold), n) >
           promise.delta;
  };
  const double learnt = LearnThreshold(with.first(half), without.first(half), sensitivity, promise.epsilon);
  return lies(with, without, 1.5 * sensitivity) || lies(with.subspan(half), without.subspan(half), learnt);
}

}  // namespace cairn

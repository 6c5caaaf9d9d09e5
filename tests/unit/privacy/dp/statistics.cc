#include "tests/unit/privacy/dp/statistics.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "privacy/crypto/secure_random.h"

namespace cairn {
namespace {

// Unnormalized weight and its sum, once a law: the library's pmf sums anew for each number.
double Weight(double sigma, double k) { return std::exp(-k * k / (2 * sigma * sigma)); }
double TotalWeight(double sigma) {
  if (sigma > 3) return sigma * std::sqrt(2 * M_PI);  // Poisson summation: relative error below 2e-77
  double total = 1;
  for (int k = 1; k < 200; ++k) total += 2 * Weight(sigma, k);
  return total;
}

struct Cell {
  double expected = 0, seen = 0;
};

double PValueOf(const std::vector<Cell>& cells) {
  double statistic = 0;
  for (const Cell& cell : cells)
    statistic += (cell.seen - cell.expected) * (cell.seen - cell.expected) / cell.expected;
  return ChiSquareTail(statistic, static_cast<double>(cells.size()) - 1);
}

}  // namespace

NoiseBits TestBits(std::uint64_t seed) {
  const char* wish = std::getenv("CAIRN_NOISE_SEED");
  if (wish != nullptr && std::string_view(wish) == "fresh") {
    SecureRandom::FillBytes(std::as_writable_bytes(std::span(&seed, 1)));
    std::printf("noise seed %llu\n", static_cast<unsigned long long>(seed));
  }
  return NoiseBits::Simulated(seed);
}

// The regularized upper incomplete gamma function: its series below the mean, its continued fraction above.
double ChiSquareTail(double statistic, double degrees) {
  const double a = degrees / 2, x = statistic / 2;
  if (x <= 0) return 1;
  const double front = std::exp(a * std::log(x) - x - std::lgamma(a));
  if (x < a + 1) {
    double term = 1 / a, sum = term;
    for (double n = 1; term > 1e-17 * sum; ++n) sum += term *= x / (a + n);
    return 1 - front * sum;
  }
  double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
  for (double n = 1; n < 10000; ++n) {
    const double an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= c * d;
    if (std::fabs(c * d - 1) < 1e-15) break;
  }
  return front * h;
}

Counts CountOf(std::span<const std::int64_t> values) {
  Counts counts;
  for (const std::int64_t value : values) ++counts[value];
  return counts;
}

// Cells of neighbouring numbers, about σ/16 wide, from −6σ to 6σ; what lies outside joins the outermost ones.
double LawPValue(const Counts& counts, double sigma) {
  double n = 0;
  for (const auto& [value, count] : counts) n += count;
  const double total = TotalWeight(sigma);
  const auto reach = static_cast<std::int64_t>(std::ceil(12 * sigma)) + 2;
  const double least = std::max(50.0, n / 300);
  std::vector<Cell> cells(1);
  auto next = counts.begin();
  for (std::int64_t k = -reach; k <= reach; ++k) {
    if (cells.back().expected >= least) cells.emplace_back();
    cells.back().expected += n * Weight(sigma, static_cast<double>(k)) / total;
    for (; next != counts.end() && next->first <= k; ++next) cells.back().seen += next->second;
  }
  for (; next != counts.end(); ++next) cells.back().seen += next->second;
  if (cells.size() > 1 && cells.back().expected < 50) {
    const Cell last = cells.back();
    cells.pop_back();
    cells.back().expected += last.expected, cells.back().seen += last.seen;
  }
  return PValueOf(cells);
}

double TwoSamplePValue(const Counts& a, const Counts& b) {
  double size_a = 0, size_b = 0;
  Counts both;
  for (const auto& [value, count] : a) size_a += count, both[value] += count;
  for (const auto& [value, count] : b) size_b += count, both[value] += count;
  const double share = size_a / (size_a + size_b);
  const double least = std::max(100.0, (size_a + size_b) / 300) / std::min(share, 1 - share);
  std::vector<Cell> cells;
  double pooled = 0, seen = 0;
  const auto close = [&] {
    cells.push_back({pooled * share, seen});
    cells.push_back({pooled * (1 - share), pooled - seen});
    pooled = seen = 0;
  };
  for (const auto& [value, count] : both) {
    pooled += count;
    if (const auto here = a.find(value); here != a.end()) seen += here->second;
    if (pooled >= least) close();
  }
  if (pooled > 100) close();
  double statistic = 0;
  for (const Cell& cell : cells)
    statistic += (cell.seen - cell.expected) * (cell.seen - cell.expected) / cell.expected;
  return ChiSquareTail(statistic, static_cast<double>(cells.size() / 2) - 1);
}

Moments MomentsOf(std::span<const std::int64_t> values) {
  Moments m;
  const auto n = static_cast<double>(values.size());
  for (const std::int64_t value : values) m.mean += static_cast<double>(value) / n;
  double third = 0;
  for (const std::int64_t value : values) {
    const double d = static_cast<double>(value) - m.mean;
    m.variance += d * d / n, third += d * d * d / n, m.fourth += d * d * d * d / n;
  }
  m.skewness = third / std::pow(m.variance, 1.5);
  return m;
}

Moments TrueMoments(double sigma) {
  if (sigma > 3) return {0, sigma * sigma, 3 * std::pow(sigma, 4), 0};
  Moments m;
  for (int k = 1; k < 200; ++k) {
    const double weight = 2 * Weight(sigma, k) / TotalWeight(sigma);
    m.variance += weight * k * k;
    m.fourth += weight * std::pow(k, 4);
  }
  return m;
}

}  // namespace cairn

#include <algorithm>
#include <cmath>
#include <vector>

#include "aggregator/aggregation/group_rules.h"

namespace cairn {
namespace {

constexpr int kSteps = 32;
constexpr double kSmoothing = 1e-6;  // ν: a group the point lies on does not count for ever

double Distance(std::span<const double> point, std::span<const float> group) {
  double square = 0;
  for (std::size_t i = 0; i < point.size(); ++i) {
    const double d = point[i] - static_cast<double>(group[i]);
    square += d * d;
  }
  return std::sqrt(square);
}

}  // namespace

void GeometricMedianOfGroups(GroupVectors groups, std::span<float> out) {
  MedianOfGroups(groups, out);
  std::vector<double> point(out.begin(), out.end());
  std::vector<double> share(groups.size());
  for (int step = 0; step < kSteps; ++step) {
    double total = 0;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      share[g] = 1 / std::max(kSmoothing, Distance(point, groups[g]));
      total += share[g];
    }
    std::ranges::fill(point, 0.0);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const double p = share[g] / total;
      for (std::size_t i = 0; i < point.size(); ++i) point[i] += p * static_cast<double>(groups[g][i]);
    }
  }
  std::ranges::transform(point, out.begin(), [](double x) { return static_cast<float>(x); });
}

}  // namespace cairn

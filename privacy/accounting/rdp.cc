#include "privacy/accounting/rdp.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "privacy/accounting/distributed_gaussian.h"
#include "privacy/accounting/normal.h"

namespace cairn {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// ln of a sum whose terms are given by their logarithms. Terms come in any order.
class LogSum {
 public:
  void Add(double log_term) {
    if (log_term == -kInfinity) return;
    if (log_term > top_) {
      sum_ *= std::exp(top_ - log_term);
      top_ = log_term;
    }
    sum_ += std::exp(log_term - top_);
  }
  double Log() const { return top_ + std::log(sum_); }

 private:
  double top_ = -kInfinity, sum_ = 0;
};

double LogExpm1(double x) { return x > 30 ? x : std::log(std::expm1(x)); }
// ln(1 + e^x)
double Softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

// ln A(α) for a whole α. The binomial weights add to 1, so taking 1 from each factor e^((i²−i)/2σ²) gives
// A − 1 without cancellation: it keeps its digits where A is 1 to sixteen of them.
double LogMomentWhole(double q, double sigma, int order) {
  LogSum excess;
  double log_binomial = 0;
  for (int i = 1; i <= order; ++i) {
    log_binomial += std::log(static_cast<double>(order - i + 1) / i);
    if (i == 1) continue;
    const double gain = static_cast<double>(i) * (i - 1) / (2 * sigma * sigma);
    excess.Add(log_binomial + i * std::log(q) + (order - i) * std::log1p(-q) + LogExpm1(gain));
  }
  return Softplus(excess.Log());
}

// ln |t_i| of the two series of §3.3: x below z₀ belongs to the first, above it to the second.
struct FractionalTerms {
  double q, sigma, order;
  double z0 = sigma * sigma * (std::log1p(-q) - std::log(q)) + 0.5;

  double First(double i, double log_binomial) const {
    return log_binomial + i * std::log(q) + (order - i) * std::log1p(-q) + Gain(i) + LogHalfErfc(i - z0);
  }
  double Second(double i, double log_binomial) const {
    const double j = order - i;
    return log_binomial + j * std::log(q) + i * std::log1p(-q) + Gain(j) + LogHalfErfc(z0 - j);
  }

 private:
  double Gain(double i) const { return i * (i - 1) / (2 * sigma * sigma); }
  double LogHalfErfc(double x) const {
    return LogErfc(x / (std::numbers::sqrt2 * sigma)) - std::numbers::ln2;
  }
};

// Weights that sum an alternating series t_0 − t_1 + t_2 … of kTail terms to 5.8^−kTail of it (Cohen,
// Rodriguez Villegas, Zagier 2000, "Convergence acceleration of alternating series", Algorithm 1). It needs
// t_i to be the moments of a positive measure: |C(α, i)| for i > α is a Beta integral, and e^(i²/2σ²)·erfc is
// a Laplace transform of one, so their product is. Plain summation would need 2^(60/(α+2)) terms.
constexpr int kTail = 28;
std::array<double, kTail> AlternatingWeights() {
  std::array<double, kTail> weights{};
  double d = std::pow(3 + std::sqrt(8.0), kTail);
  d = (d + 1 / d) / 2;
  double b = -1, c = -d;
  for (int k = 0; k < kTail; ++k) {
    c = b - c;
    weights[static_cast<std::size_t>(k)] = c / d;  // carries the sign (−1)^k
    b *= static_cast<double>(k + kTail) * (k - kTail) / ((k + 0.5) * (k + 1));
  }
  return weights;
}

// ln A(α) for a fractional α. C(α, i) is positive up to ⌈α⌉ and alternates from there.
double LogMomentFractional(double q, double sigma, double order) {
  static const std::array<double, kTail> weights = AlternatingWeights();
  const FractionalTerms terms{q, sigma, order};
  const int head = static_cast<int>(std::floor(order)) + 1;
  std::vector<std::array<double, 2>> logs;
  double log_binomial = 0, top = -kInfinity;
  for (int i = 0; i < head + kTail; ++i) {
    logs.push_back({terms.First(i, log_binomial), terms.Second(i, log_binomial)});
    top = std::max({top, logs.back()[0], logs.back()[1]});
    log_binomial += std::log(std::fabs(order - i) / (i + 1));
  }
  double sum = 0, magnitude = 0;
  for (int i = 0; i < head + kTail; ++i) {
    const auto& [first, second] = logs[static_cast<std::size_t>(i)];
    const double weight = i < head ? 1 : weights[static_cast<std::size_t>(i - head)];
    const double term = weight * (std::exp(first - top) + std::exp(second - top));
    sum += term;
    magnitude += std::fabs(term);
  }
  return top + std::log(sum + 4 * std::numeric_limits<double>::epsilon() * magnitude);
}

std::vector<double> MakeDefaultOrders() {
  std::vector<double> orders;
  for (int i = 101; i < 110; ++i) orders.push_back(i / 100.0);
  for (int i = 11; i < 110; ++i) orders.push_back(i / 10.0);
  for (int i = 11; i < 64; ++i) orders.push_back(i);
  for (int i : {72, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024}) {
    orders.push_back(i);
  }
  return orders;
}

struct OrderPricer {
  double order;
  double factor;  // what replace-one makes of σ

  double operator()(const NoNoise&) const { return kInfinity; }
  double operator()(const GaussianNoise& noise) const {
    return SampledGaussianRdp(noise.sampling_rate, noise.noise_multiplier * factor, order);
  }
  double operator()(const DistributedGaussianNoise& noise) const {
    return DistributedGaussianRdp(noise, order);
  }
};

}  // namespace

std::span<const double> DefaultRdpOrders() {
  static const std::vector<double> orders = MakeDefaultOrders();
  return orders;
}

double SampledGaussianRdp(double q, double sigma, double order) {
  if (q == 1) return order / (2 * sigma * sigma);
  const bool is_whole = order == std::floor(order) && order <= 65536;
  const double log_moment =
      is_whole ? LogMomentWhole(q, sigma, static_cast<int>(order)) : LogMomentFractional(q, sigma, order);
  return std::max(0.0, log_moment / (order - 1));
}

std::vector<double> RdpOf(const PrivacyEvent& event, std::span<const double> orders) {
  const double factor = event.convention().adjacency == Adjacency::kReplaceOne ? 0.5 : 1;
  std::vector<double> rdp;
  rdp.reserve(orders.size());
  for (const double order : orders) {
    rdp.push_back(static_cast<double>(event.steps()) *
                  std::visit(OrderPricer{order, factor}, event.mechanism()));
  }
  return rdp;
}

RdpBound EpsilonOfRdp(std::span<const double> orders, std::span<const double> rdp, Delta delta) {
  RdpBound best{{kInfinity, delta}, orders.empty() ? 0 : orders.back()};
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const double order = orders[i], d = delta.value();
    double epsilon = 0;
    if (d * d + std::expm1(-rdp[i]) <= 0) {
      epsilon = std::max(0.0, rdp[i] + std::log1p(-1 / order) - std::log(d * order) / (order - 1));
    }
    if (epsilon < best.bound.epsilon) best = {{epsilon, delta}, order};
  }
  return best;
}

}  // namespace cairn

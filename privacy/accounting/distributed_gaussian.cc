#include "privacy/accounting/distributed_gaussian.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace cairn {
namespace {

constexpr double kDeviations = 4;  // k: how many standard deviations of the sum the range must hold

double Tau(std::uint32_t honest, double sigma) {
  double tau = 0;
  for (std::uint32_t k = 1; k < honest; ++k) {
    const double term = std::exp(-2 * std::numbers::pi * std::numbers::pi * sigma * sigma * k / (k + 1.0));
    if (term == 0) break;  // the exponent only falls from here
    tau += term;
  }
  return 10 * tau;
}

// The norm that a rounded contribution is held to, in grid steps.
double RoundedNorm(double clip_steps, double dimension) {
  constexpr double kLogInverseBeta = 0.5;
  const double worst = clip_steps + std::sqrt(dimension);
  const double likely = clip_steps * clip_steps + dimension / 4 +
                        std::sqrt(2 * kLogInverseBeta) * (clip_steps + std::sqrt(dimension) / 2);
  return std::sqrt(std::min(worst * worst, likely));
}

}  // namespace

double DistributedGaussianRdp(const DistributedGaussianNoise& noise, double order) {
  const double d = static_cast<double>(noise.dimension), rho = noise.norm_bound;
  const double width = std::sqrt(static_cast<double>(noise.honest)) * noise.share_sigma;
  const double delta2 = rho / width;
  const double delta1 = rho * std::min(std::sqrt(d), rho) / width;
  const double tau = Tau(noise.honest, noise.share_sigma);
  const double joint = delta2 + std::sqrt(d) * tau;
  return std::min({order / 2 * delta2 * delta2 + tau * d,
                   order / 2 * (delta2 * delta2 + 2 * delta1 * tau + tau * tau * d),
                   order / 2 * joint * joint});
}

Result<DistributedGaussianSetup> SetUpDistributedGaussian(const DistributedGaussianSetup::Config& config) {
  const double n = config.honest, d = static_cast<double>(config.dimension), c = config.clip;
  const bool is_sound = c > 0 && std::isfinite(c) && n > 0 && d > 0 && config.local_sigma > 0 &&
                        std::isfinite(config.local_sigma) && config.bits >= 1 && config.bits <= 52;
  // Squared, the condition is linear in γ²: γ²(R² − n/4) = c²n²/d + σ²n with R = 2^b/2k.
  const double range = std::ldexp(1.0, static_cast<int>(config.bits)) / (2 * kDeviations);
  if (!is_sound || range * range <= n / 4) {
    return Status(
        errors::kPrivacyParameter,
        "distributed noise needs a positive clip, cohort, dimension and deviation, and bits that hold "
        "the cohort's sum");
  }
  DistributedGaussianSetup setup;
  setup.gamma =
      std::sqrt((c * c * n * n / d + config.local_sigma * config.local_sigma * n) / (range * range - n / 4));
  setup.share_sigma = config.local_sigma / setup.gamma;
  setup.norm_bound = RoundedNorm(c / setup.gamma, d);
  setup.noise = {config.honest, config.dimension, setup.share_sigma, setup.norm_bound};
  return setup;
}

}  // namespace cairn

#include "privacy/accounting/calibration.h"

#include <cmath>

namespace cairn {
namespace {

constexpr double kLeast = 1e-2, kMost = 1e6;  // noise multipliers that are tried

struct NoiseSearch {
  AccountantKind kind;
  PrivacyEvent::Terms terms;
  EpsilonDelta target;

  Result<EpsilonDelta> At(double noise_multiplier) {
    auto* noise = std::get_if<GaussianNoise>(&terms.mechanism);
    if (noise == nullptr) return Status(errors::kPrivacyParameter, "only Gaussian noise can be calibrated");
    noise->noise_multiplier = noise_multiplier;
    CAIRN_ASSIGN_OR_RETURN(const PrivacyEvent event, PrivacyEvent::Create(terms));
    const auto account = NewAccountant(kind, terms.convention);
    CAIRN_RETURN_IF_ERROR(account->Compose(event));
    return account->EpsilonFor(target.delta);
  }

  Result<bool> Suffices(double noise_multiplier) {
    CAIRN_ASSIGN_OR_RETURN(const EpsilonDelta at, At(noise_multiplier));
    return at.epsilon <= target.epsilon;
  }
};

}  // namespace

Result<NoiseCalibration> CalibrateNoise(AccountantKind kind, PrivacyEvent::Terms terms, EpsilonDelta target) {
  NoiseSearch search{kind, std::move(terms), target};
  // From 1 outwards: extreme multipliers are what costs an accountant most.
  double low = 1, high = 1;
  for (;; low = high, high *= 2) {
    CAIRN_ASSIGN_OR_RETURN(const bool is_enough, search.Suffices(high));
    if (is_enough) break;
    if (high > kMost) {
      return Status(errors::kPrivacyTarget,
                    ToString(target) + " is not reached at any noise multiplier up to 1e6");
    }
  }
  while (low == high && low > kLeast) {
    CAIRN_ASSIGN_OR_RETURN(const bool is_enough, search.Suffices(low / 2));
    low /= 2;
    if (is_enough) high = low;
  }
  while (high / low > 1 + 1e-6) {
    const double middle = std::sqrt(low * high);
    CAIRN_ASSIGN_OR_RETURN(const bool is_enough, search.Suffices(middle));
    (is_enough ? high : low) = middle;
  }
  const double rounded = std::ceil(high * 1000) / 1000;
  CAIRN_ASSIGN_OR_RETURN(const EpsilonDelta reached, search.At(rounded));
  return NoiseCalibration{high, rounded, reached};
}

Result<std::uint64_t> MostSteps(const PrivacyAccountant& account, PrivacyEvent::Terms terms,
                                EpsilonDelta target) {
  const auto fits = [&](std::uint64_t steps) -> Result<bool> {
    terms.steps = steps;
    CAIRN_ASSIGN_OR_RETURN(const PrivacyEvent event, PrivacyEvent::Create(terms));
    const auto trial = account.Clone();
    CAIRN_RETURN_IF_ERROR(trial->Compose(event));
    return trial->EpsilonFor(target.delta).epsilon <= target.epsilon;
  };
  std::uint64_t fit = 0, too_many = 1;
  for (; too_many < PrivacyEvent::kMaxSteps; fit = too_many, too_many *= 2) {
    CAIRN_ASSIGN_OR_RETURN(const bool is_within, fits(too_many));
    if (!is_within) break;
  }
  while (too_many - fit > 1) {
    const std::uint64_t middle = fit + (too_many - fit) / 2;
    CAIRN_ASSIGN_OR_RETURN(const bool is_within, fits(middle));
    (is_within ? fit : too_many) = middle;
  }
  return fit;
}

}  // namespace cairn

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "privacy/accounting/accountant.h"
#include "privacy/accounting/gaussian_tradeoff.h"
#include "privacy/accounting/loss_distribution.h"

namespace cairn {
namespace {

constexpr std::size_t kMaxCells = std::size_t{1} << 23;

// Sampled steps by what they are: {q, σ} → how many.
using SampledSteps = std::map<std::pair<double, double>, std::uint64_t>;

// h = min(1e-4, √(2.5e-4·s/T)), s the deviation of the composed loss: splitting cells adds T·h²/6 to its
// variance, which costs at most 2e-4 in ε. Coarser where the grid would not fit into memory: looser, never
// wrong.
double GridStep(const std::vector<SampledGaussian>& pairs, const std::vector<std::uint64_t>& times) {
  double variance = 0, total = 0, range = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    variance += static_cast<double>(times[i]) * pairs[i].LossMoments().variance;
    total += static_cast<double>(times[i]);
    range = std::max(range, pairs[i].highest() - pairs[i].lowest());
  }
  const double deviation = std::sqrt(variance);
  const double fine = std::min(1e-4, std::sqrt(2.5e-4 * deviation / total));
  return std::max(fine, std::max(range, 18 * deviation) / static_cast<double>(kMaxCells));
}

// Of everything in one direction. A step that turns out too fine for the window is doubled.
LossDistribution ComposeDirection(const SampledSteps& steps, double gaussian_mu, Direction direction) {
  std::vector<SampledGaussian> pairs;
  std::vector<std::uint64_t> times;
  for (const auto& [key, count] : steps) {
    pairs.emplace_back(key.first, key.second, direction);
    times.push_back(count);
  }
  if (gaussian_mu > 0) {
    pairs.emplace_back(1.0, 1 / gaussian_mu, direction);
    times.push_back(1);
  }
  for (double step = GridStep(pairs, times);; step *= 2) {
    std::vector<LossDistribution> losses;
    for (const SampledGaussian& pair : pairs) losses.push_back(Discretize(pair, step));
    std::vector<LossTerm> terms;
    for (std::size_t i = 0; i < pairs.size(); ++i) terms.push_back({&losses[i], times[i]});
    if (auto sum = Compose(terms, kMaxCells)) return *std::move(sum);
  }
}

class PldAccountant final : public PrivacyAccountant {
 public:
  explicit PldAccountant(PrivacyConvention convention) : rdp_(NewRdpAccountant(convention)) {}
  PldAccountant(const PldAccountant& other)
      : rdp_(other.rdp_->Clone()),
        sampled_(other.sampled_),
        mu_squared_(other.mu_squared_),
        is_defended_(other.is_defended_) {}

  std::string_view name() const override { return "pld"; }
  const PrivacyConvention& convention() const override { return rdp_->convention(); }
  std::unique_ptr<PrivacyAccountant> Clone() const override { return std::make_unique<PldAccountant>(*this); }

  Status Compose(const PrivacyEvent& event) override {
    if (std::holds_alternative<DistributedGaussianNoise>(event.mechanism())) {
      return Status(errors::kPrivacySampling, "the pld accountant cannot price distributed noise")
          .Mend("use the rdp accountant");
    }
    CAIRN_RETURN_IF_ERROR(rdp_->Compose(event));
    if (const auto* noise = std::get_if<GaussianNoise>(&event.mechanism())) {
      Add(*noise, event);
    } else {
      is_defended_ = false;
    }
    return {};
  }

  EpsilonDelta EpsilonFor(Delta delta) const override {
    if (!is_defended_) return {std::numeric_limits<double>::infinity(), delta};
    const double mu = std::sqrt(mu_squared_);
    if (sampled_.empty()) return mu == 0 ? EpsilonDelta{0, delta} : GaussianEpsilon(mu, delta);
    const auto of = [&](Direction direction) {
      return EpsilonAt(ComposeDirection(sampled_, mu, direction), delta).epsilon;
    };
    const double both = std::max(of(Direction::kRemove), of(Direction::kAdd));
    return {std::min(both, rdp_->EpsilonFor(delta).epsilon), delta};
  }

 private:
  void Add(const GaussianNoise& noise, const PrivacyEvent& event) {
    const bool is_doubled = event.convention().adjacency == Adjacency::kReplaceOne;
    const double sigma = noise.noise_multiplier * (is_doubled ? 0.5 : 1);
    if (noise.sampling_rate < 1) {
      sampled_[{noise.sampling_rate, sigma}] += event.steps();
    } else {
      mu_squared_ += static_cast<double>(event.steps()) / (sigma * sigma);
    }
  }

  std::unique_ptr<PrivacyAccountant> rdp_;
  SampledSteps sampled_;
  double mu_squared_ = 0;  // of all releases without sampling: they compose to one Gaussian
  bool is_defended_ = true;
};

}  // namespace

std::unique_ptr<PrivacyAccountant> NewPldAccountant(PrivacyConvention convention) {
  return std::make_unique<PldAccountant>(convention);
}

}  // namespace cairn

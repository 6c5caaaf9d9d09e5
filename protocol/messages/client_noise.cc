#include "protocol/messages/client_noise.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "privacy/secagg/shared/grid.h"
#include "protocol/messages/masked_layout.h"
#include "protocol/messages/private_training.h"

namespace cairn {
namespace {

using Mechanism = PrivacyTerms::Mechanism;

constexpr double kTail = 10;       // deviations that a share is given room for in the ring
constexpr int kWidest = 22;        // of log2(z·S) in steps; the sampler draws up to σ = 2^24
constexpr int kFinest = 40;        // f, as of plain sums
constexpr double kNarrowest = 64;  // σ of a share: the sum of such shares is Gaussian to double precision
constexpr double kCountedShare = 0.05;  // σ_b over the number of clients, where z allows

// Of the fewest survivors, those whose noise is counted on.
double HonestOf(const PrivacyTerms& terms, std::uint32_t fewest) {
  return terms.mechanism == Mechanism::kDistributed ? std::max(1.0, double(fewest) - terms.colluders) : 1.0;
}

// False for NaN.
bool IsClip(double clip) { return clip >= kLeastPrivacyScale && clip <= kLargestClientClip; }

// On a grid of 2^-f; the sensitivity covers what rounding adds to the norm.
ClientNoise NoiseOn(std::uint8_t fraction_bits, const JobSpec& spec, std::uint64_t parameters, double clip) {
  const PrivacyTerms& terms = *spec.privacy;
  const double z = terms.noise_multiplier;
  const std::uint32_t fewest = SmallestMaskedCohort(spec);
  ClientNoise noise{.clip = clip, .fraction_bits = fraction_bits, .dimension = parameters};
  // Rounding adds less than 1 a coordinate; what double loses of the norm is far below the one step more.
  const double update = std::ldexp(clip, fraction_bits) + std::sqrt(static_cast<double>(parameters)) + 1;
  noise.sensitivity = update;
  noise.is_adaptive = terms.is_adaptive();
  if (noise.is_adaptive) {
    // With V = σ/(2σ_b) and σ = z·√(update² + V²): σ = update·(z^-2 − (2σ_b)^-2)^-½, as in Theorem 1.
    const double counted = std::max(z, kCountedShare * fewest);
    const double sigma = update / std::sqrt(1 / (z * z) - 1 / (4 * counted * counted));
    noise.vote = static_cast<std::int64_t>(std::floor(sigma / (2 * counted)));
    noise.dimension += 1;
    noise.sensitivity = std::hypot(update, static_cast<double>(noise.vote));
  }
  const double sigma = z * noise.sensitivity;
  if (terms.mechanism == Mechanism::kCentral) {
    noise.sum_sigma = sigma;
  } else {
    noise.share_sigma = sigma / std::sqrt(HonestOf(terms, fewest));
  }
  return noise;
}

bool Fits(const ClientNoise& noise, secagg::Ring ring, std::uint64_t n_max) {
  const double clip = std::ceil(std::ldexp(noise.clip, noise.fraction_bits));
  const double largest = std::max(clip, static_cast<double>(noise.vote)) + kTail * noise.share_sigma + 1;
  return static_cast<double>(n_max) * largest < std::ldexp(1.0, static_cast<int>(ring) - 1);
}

}  // namespace

std::uint64_t ClientNoise::share_bound() const {
  return static_cast<std::uint64_t>(std::ceil(kTail * share_sigma));
}

NoiseGrid ClientNoise::grid() const { return {std::ldexp(1.0, -fraction_bits), sensitivity}; }

bool ProtectsClients(const JobSpec& spec) { return spec.privacy && spec.privacy->protects_clients(); }

ClientNoise ClientNoiseOf(const JobSpec& spec, std::uint64_t parameters, double clip) {
  if (!IsClip(clip)) return {.clip = clip, .dimension = parameters};
  const secagg::Ring ring = spec.secagg.bits == 32 ? secagg::Ring::k32 : secagg::Ring::k64;
  const double width = clip * std::max(1.0, spec.privacy->noise_multiplier);
  int bits = kWidest - static_cast<int>(std::ceil(std::log2(width)));
  bits = std::clamp(bits, 0, kFinest);
  while (bits > 0 &&
         !Fits(NoiseOn(static_cast<std::uint8_t>(bits), spec, parameters, clip), ring, LargestCohort(spec))) {
    --bits;
  }
  return NoiseOn(static_cast<std::uint8_t>(bits), spec, parameters, clip);
}

Status CheckClientNoise(const ClientNoise& noise) {
  const auto refused = [](std::string what) { return Status(errors::kPrivacyParameter, std::move(what)); };
  if (!IsClip(noise.clip)) return refused("a clip of " + std::to_string(noise.clip));
  const double rounding = std::sqrt(static_cast<double>(noise.dimension));
  if (rounding > std::ldexp(noise.clip, noise.fraction_bits)) {
    return refused("rounding to the ring's grid weighs more than the clip itself")
        .Mend(
            "say secagg = { bits = 64 }; where it says so already, lower privacy.noise_multiplier or train a "
            "smaller model");
  }
  const double narrow = noise.share_sigma > 0 ? noise.share_sigma : noise.sum_sigma;
  if (narrow < kNarrowest) {
    return refused("the noise is " + std::to_string(narrow) +
                   " steps of the ring's grid wide, at least 64 is safe")
        .Mend("raise privacy.noise_multiplier, or say secagg = { bits = 64 }");
  }
  if (noise.is_adaptive && noise.vote == 0) {
    return refused("a vote on the clip would be lost among so many clients")
        .Mend("leave privacy.clip_quantile out: the clip then stays");
  }
  return GaussianScale::AtLeast(narrow).status();
}

Result<PrivacyEvent> ClientEventOf(const PrivacyTerms& terms, const ClientNoise& noise,
                                   std::uint32_t fewest_survivors) {
  PrivacyEvent::Terms event;
  event.convention = {PrivacyUnit::kClient, Adjacency::kZeroOut};
  event.mechanism = GaussianNoise{.noise_multiplier = terms.noise_multiplier};
  if (terms.mechanism == Mechanism::kDistributed) {
    event.mechanism =
        DistributedGaussianNoise{.honest = static_cast<std::uint32_t>(HonestOf(terms, fewest_survivors)),
                                 .dimension = noise.dimension,
                                 .share_sigma = noise.share_sigma,
                                 .norm_bound = noise.sensitivity};
  }
  return PrivacyEvent::Create(std::move(event));
}

double NextClip(const PrivacyTerms& terms, double clip, double share_within) {
  const double next = clip * std::exp(-terms.clip_lr * (share_within - terms.clip_quantile));
  return std::clamp(next, kLeastPrivacyScale, kLargestClientClip);
}

}  // namespace cairn

#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "core/base/result.h"

namespace cairn {

enum class PrivacyUnit : std::uint8_t {
  kPatient = 1,  // all rows of one person at one site
  kClient = 2,   // one site or device
  kRow = 3,      // one row; says little of a person with several
};

// What a neighbouring data set is. Numbers of two adjacencies are never added to each other.
enum class Adjacency : std::uint8_t {
  kAddOrRemove = 1,  // one unit more or less
  kZeroOut = 2,      // one unit's contribution is zero, that it took part stays public
  kReplaceOne = 3,   // one unit is another: twice the sensitivity of the others
};

// How the units of a step are chosen. The last two exist so that a job that asks for them is refused by name.
enum class SamplingLaw : std::uint8_t { kEveryone = 1, kPoisson = 2, kFixedSize = 3, kShuffled = 4 };

// Whether the bound on one unit's contribution holds in the arithmetic used, or only on paper.
enum class SensitivityLaw : std::uint8_t { kProven = 1, kNominal = 2 };

// Who is protected, against which change.
struct PrivacyConvention {
  PrivacyUnit unit = PrivacyUnit::kPatient;
  Adjacency adjacency = Adjacency::kAddOrRemove;
  friend bool operator==(const PrivacyConvention&, const PrivacyConvention&) = default;
};

// An undefended release: it is charged too, as such, and its ε is +∞.
struct NoNoise {
  friend bool operator==(const NoNoise&, const NoNoise&) = default;
};

// Normal noise on a sum of clipped contributions, drawn by one party; also discrete Gaussian noise, which has
// the same Rényi bound (Canonne, Kamath, Steinke 2020, arXiv 2004.00010).
struct GaussianNoise {
  double noise_multiplier = 0;  // σ over the sensitivity under add-or-remove or zero-out
  SamplingLaw law = SamplingLaw::kEveryone;
  double sampling_rate = 1;  // q of Poisson; 1 for everyone
  friend bool operator==(const GaussianNoise&, const GaussianNoise&) = default;
};

// Shares of discrete Gaussian noise, one drawn by each client inside its mask (distributed_gaussian.h).
struct DistributedGaussianNoise {
  std::uint32_t honest = 0;     // shares that can be counted on: least survivors − colluders
  std::uint64_t dimension = 0;  // coordinates of the sum
  double share_sigma = 0;       // of one share, in grid steps
  double norm_bound = 0;        // ρ, of one rounded contribution, in grid steps
  friend bool operator==(const DistributedGaussianNoise&, const DistributedGaussianNoise&) = default;
};

using PrivacyMechanism = std::variant<NoNoise, GaussianNoise, DistributedGaussianNoise>;

// One or more equal releases, told so that any accountant can price them, today's or a better one.
// A value; Create checks it once.
//
//   PrivacyEvent::Create({.mechanism = GaussianNoise{1.5, SamplingLaw::kPoisson, 0.016}, .steps = 1890})
//
// Refused: numbers that are not finite or not positive (kPrivacyParameter), a sampling law no accountant here
// prices, amplification claimed outside add-or-remove (kPrivacySampling).
class PrivacyEvent {
 public:
  struct Terms {
    PrivacyMechanism mechanism;
    PrivacyConvention convention;
    SensitivityLaw sensitivity = SensitivityLaw::kProven;
    std::uint64_t steps = 1;  // at most kMaxSteps
    friend bool operator==(const Terms&, const Terms&) = default;
  };
  static constexpr std::uint64_t kMaxSteps = std::uint64_t{1} << 40;

  static Result<PrivacyEvent> Create(Terms terms);

  const PrivacyMechanism& mechanism() const { return terms_.mechanism; }
  const PrivacyConvention& convention() const { return terms_.convention; }
  SensitivityLaw sensitivity() const { return terms_.sensitivity; }
  std::uint64_t steps() const { return terms_.steps; }
  const Terms& terms() const { return terms_; }
  friend bool operator==(const PrivacyEvent&, const PrivacyEvent&) = default;

 private:
  explicit PrivacyEvent(Terms terms) : terms_(std::move(terms)) {}
  Terms terms_;
};

std::string ToString(PrivacyUnit unit);
std::string ToString(Adjacency adjacency);
std::string ToString(SamplingLaw law);
std::string ToString(const PrivacyConvention& convention);  // "patient, add or remove one"

}  // namespace cairn

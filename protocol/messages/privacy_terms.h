#pragma once

#include <cstdint>
#include <optional>

#include "privacy/accounting/privacy_event.h"

namespace cairn {

class ConfigReader;

// What a job's [privacy] table asks for. Jobs run with dp-sgd for patients; the other mechanism is priced
// alone
// (`cairn privacy plan`), and FindJobFault refuses it by name.
struct PrivacyTerms {
  enum class Mechanism : std::uint8_t {
    kDpSgd = 1,    // noise in every local step, Poisson lots of patients
    kCentral = 2,  // noise on the sum of a round, every client taking part
  };
  PrivacyUnit unit = PrivacyUnit::kPatient;
  Mechanism mechanism = Mechanism::kDpSgd;
  double clip = 1;              // Euclidean norm of one unit's summed gradient
  double noise_multiplier = 1;  // deviation of the noise over the sensitivity
  std::optional<double> delta;  // of plans and of a simulation's reports; absent: by the population
  friend bool operator==(const PrivacyTerms&, const PrivacyTerms&) = default;
};

// Notes what is wrong with file:line:column; the caller calls Finish().
PrivacyTerms ReadPrivacyTerms(ConfigReader table);

}  // namespace cairn

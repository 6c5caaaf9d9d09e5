#pragma once

#include <cstdint>
#include <optional>

#include "core/base/config_reader.h"
#include "privacy/accounting/privacy_event.h"

namespace cairn {

// What a job's [privacy] table asks for. Planned with, not yet run with: ParseJobSpec refuses the table.
struct PrivacyTerms {
  enum class Mechanism : std::uint8_t {
    kDpSgd = 1,    // noise in every local step, Poisson lots of patients
    kCentral = 2,  // noise on the sum of a round, every client taking part
  };
  PrivacyUnit unit = PrivacyUnit::kPatient;
  Mechanism mechanism = Mechanism::kDpSgd;
  double clip = 1;
  double noise_multiplier = 1;
  std::optional<double> delta;  // absent: by the population
  friend bool operator==(const PrivacyTerms&, const PrivacyTerms&) = default;
};

// Notes what is wrong with file:line:column; the caller calls Finish().
PrivacyTerms ReadPrivacyTerms(ConfigReader table);

}  // namespace cairn

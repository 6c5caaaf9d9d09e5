#include "protocol/messages/privacy_terms.h"

#include "core/base/config_reader.h"
#include "protocol/messages/job_words.h"

namespace cairn {

using Mechanism = PrivacyTerms::Mechanism;

PrivacyTerms ReadPrivacyTerms(ConfigReader table) {
  PrivacyTerms terms;
  table.Optional("unit", &terms.unit, kPrivacyUnitWords, "who is protected");
  if (terms.unit == PrivacyUnit::kClient) terms.mechanism = Mechanism::kCentral;
  table.Optional("mechanism", &terms.mechanism, kPrivacyMechanismWords, "where the noise is added");
  table.Optional("clip", &terms.clip,
                 ConfigRule{.min = 0, .above_min = true, .about = "norm of one contribution"});
  table.Required(
      "noise_multiplier", &terms.noise_multiplier,
      ConfigRule{.min = 0, .above_min = true, .about = "deviation of the noise over the sensitivity"});
  table.Optional(
      "delta", &terms.delta,
      ConfigRule{.min = 0, .max = 1, .above_min = true, .about = "absent: by the number of people"});
  if ((terms.unit == PrivacyUnit::kPatient) != (terms.mechanism == Mechanism::kDpSgd)) {
    table.Fail("mechanism", "patients are protected by dp-sgd, clients by central noise");
  }
  return terms;
}

}  // namespace cairn

#pragma once

#include <cstdint>
#include <optional>

#include "privacy/accounting/privacy_event.h"

namespace cairn {

class ConfigReader;

// What a job's [privacy] table asks for. Patients are protected by dp-sgd, whole clients by one of the other
// mechanisms, whose noise is on the sum of a masked round.
struct PrivacyTerms {
  enum class Mechanism : std::uint8_t {
    kDpSgd = 1,        // noise in every local step, Poisson lots of patients
    kCentral = 2,      // drawn by the aggregator, on the sum (DP-FedAvg)
    kDistributed = 3,  // a share drawn by each client, inside its mask
    kLocal = 4,        // drawn by each client for itself alone
  };
  PrivacyUnit unit = PrivacyUnit::kPatient;
  Mechanism mechanism = Mechanism::kDpSgd;
  double clip = 1;              // Euclidean norm of one unit's part: a patient's gradient, a client's update
  double noise_multiplier = 1;  // deviation of the noise over the sensitivity
  std::optional<double> delta;  // of plans and of a simulation's reports; absent: by the population

  // Of clients alone.
  std::uint32_t colluders = 0;  // kDistributed: of the fewest survivors, those whose noise is not counted on
  double clip_quantile = 0;     // γ: the clip follows this quantile of the updates' norms; 0: it stays
  double clip_lr = 0.2;         // η_C, of that

  bool protects_clients() const { return unit == PrivacyUnit::kClient; }
  bool is_adaptive() const { return clip_quantile > 0; }
  friend bool operator==(const PrivacyTerms&, const PrivacyTerms&) = default;
};

// What a job file leaves open is filled in from the rest of the job.
struct PrivacyDefaults {
  std::uint32_t rounds = 1;
  std::uint32_t fewest_survivors = 3;  // of a masked sum
};
// Notes what is wrong with file:line:column; the caller calls Finish(). Of clients the noise may be asked for
// as the `epsilon` of the whole job instead, at `delta` or 10^-5 (8 where the file says neither): the
// multiplier that reaches it is what the terms hold.
PrivacyTerms ReadPrivacyTerms(ConfigReader table, const PrivacyDefaults& defaults);

}  // namespace cairn

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json_writer.h"
#include "core/base/result.h"
#include "privacy/accounting/calibration.h"
#include "protocol/messages/job.h"
#include "protocol/messages/privacy_terms.h"

namespace cairn {

// What a job would cost the people of one site, before it starts. Numbers only: nothing is charged.
struct PrivacyPlan {
  struct Cost {
    std::uint32_t rounds = 0;  // after so many
    double rdp = 0, pld = 0;   // ε, both upper bounds
  };

  PrivacyEvent::Terms terms;  // of the whole job
  std::uint64_t population = 0;
  std::uint64_t steps_per_round = 1;
  double clip = 1;
  PrivacyTerms::Mechanism mechanism = PrivacyTerms::Mechanism::kDpSgd;
  std::uint32_t fewest_survivors = 0, colluders = 0;  // of noise that clients share
  Delta delta;
  std::vector<Cost> costs = {};  // a third, two thirds and all of the rounds
  // How much wider the noise in the mean of a round is than the aggregator's alone would be, at the fewest
  // survivors; of clients.
  double noise_ratio = 1;
  // What the same noise would cost if lots were shuffled passes over the patients, each charged as one
  // release with everyone in it; of dp-sgd alone.
  std::optional<double> shuffled = {};
  std::optional<EpsilonDelta> target = {};
  std::optional<NoiseCalibration> for_target = {};     // by rdp, which enforces
  std::optional<std::uint64_t> rounds_in_target = {};  // at the job's own noise
};

// `population` is the number of patients at the site, or of clients in the federation. Errors of the
// accountants: kPrivacyParameter, kPrivacyDelta, kPrivacyTarget; kPrivacySampling where a lot is larger than
// the population.
Result<PrivacyPlan> MakePrivacyPlan(const JobSpec& job, const PrivacyTerms& terms, std::uint64_t population,
                                    std::optional<double> target_epsilon);

std::string PrivacyPlanText(const PrivacyPlan& plan);
JsonObject PrivacyPlanJson(const PrivacyPlan& plan);

}  // namespace cairn

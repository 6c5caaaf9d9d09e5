#include "protocol/messages/privacy_terms.h"

#include "core/base/config_reader.h"
#include "privacy/accounting/calibration.h"
#include "protocol/messages/job_words.h"

namespace cairn {
namespace {

using Mechanism = PrivacyTerms::Mechanism;

constexpr double kDefaultEpsilon = 8, kDefaultDelta = 1e-5;

Result<double> NoiseFor(double epsilon, double delta, std::uint32_t rounds) {
  CAIRN_ASSIGN_OR_RETURN(const Delta checked, Delta::Create(delta));
  CAIRN_ASSIGN_OR_RETURN(const EpsilonDelta target, MakeTarget(epsilon, checked));
  const PrivacyEvent::Terms job{.mechanism = GaussianNoise{.noise_multiplier = 1},
                                .convention = {PrivacyUnit::kClient, Adjacency::kZeroOut},
                                .steps = rounds};
  CAIRN_ASSIGN_OR_RETURN(const NoiseCalibration noise, CalibrateNoise(AccountantKind::kRdp, job, target));
  return noise.noise_multiplier;
}

// What a file may say of clients alone; asked for in any case, so that the keys can be listed.
struct ClientKeys {
  std::optional<double> epsilon, clip_quantile, clip_lr;
  std::optional<std::uint32_t> colluders;
};

ClientKeys ReadClientKeys(ConfigReader& table) {
  ClientKeys keys;
  table.Optional(
      "epsilon", &keys.epsilon,
      ConfigRule{.min = 0, .above_min = true, .about = "of the whole job, instead of the multiplier"});
  table.Optional("colluders", &keys.colluders,
                 ConfigRule{.about = "survivors whose share of the noise is not counted on"});
  table.Optional("clip_quantile", &keys.clip_quantile,
                 ConfigRule{.min = 0, .max = 1, .about = "of the norms, that the clip follows; 0: it stays"});
  table.Optional("clip_lr", &keys.clip_lr,
                 ConfigRule{.min = 0, .max = 10, .above_min = true, .about = "how fast the clip follows"});
  return keys;
}

void RefuseClientKeys(ConfigReader& table, const ClientKeys& keys) {
  constexpr std::string_view kProblem = "has a meaning with unit = \"client\" alone";
  if (keys.epsilon)
    table.Fail("epsilon", std::string(kProblem) + "; `cairn privacy plan` finds a multiplier");
  if (keys.colluders) table.Fail("colluders", kProblem);
  if (keys.clip_quantile) table.Fail("clip_quantile", kProblem);
  if (keys.clip_lr) table.Fail("clip_lr", kProblem);
}

// Every client's part in a round costs the same, so the noise that a whole job needs follows from its rounds.
void SetClientTerms(ConfigReader& table, const ClientKeys& keys, std::optional<double> multiplier,
                    const PrivacyDefaults& defaults, PrivacyTerms& terms) {
  if (terms.mechanism == Mechanism::kDistributed) terms.colluders = (defaults.fewest_survivors - 1) / 3;
  terms.colluders = keys.colluders.value_or(terms.colluders);
  terms.clip_quantile = keys.clip_quantile.value_or(terms.clip_quantile);
  terms.clip_lr = keys.clip_lr.value_or(terms.clip_lr);
  if (multiplier) {
    terms.noise_multiplier = *multiplier;
    if (keys.epsilon) table.Fail("epsilon", "how much noise there is, noise_multiplier says already");
    return;
  }
  terms.delta = terms.delta.value_or(kDefaultDelta);  // an ε means nothing without it
  const auto noise = NoiseFor(keys.epsilon.value_or(kDefaultEpsilon), *terms.delta, defaults.rounds);
  if (!noise.ok()) return table.Fail("epsilon", noise.status());
  terms.noise_multiplier = *noise;
}

}  // namespace

PrivacyTerms ReadPrivacyTerms(ConfigReader table, const PrivacyDefaults& defaults) {
  PrivacyTerms terms;
  table.Optional("unit", &terms.unit, kPrivacyUnitWords, "who is protected");
  if (terms.protects_clients()) terms.mechanism = Mechanism::kDistributed;
  table.Optional("mechanism", &terms.mechanism, kPrivacyMechanismWords, "where the noise is added");
  table.Optional("clip", &terms.clip,
                 ConfigRule{.min = 0, .above_min = true, .about = "norm of one contribution"});
  table.Optional(
      "delta", &terms.delta,
      ConfigRule{.min = 0, .max = 1, .above_min = true, .about = "absent: by the number of people"});
  const ClientKeys keys = ReadClientKeys(table);
  const ConfigRule noise{.min = 0, .above_min = true, .about = "deviation of the noise over the sensitivity"};
  if (terms.protects_clients()) {
    std::optional<double> multiplier;
    table.Optional("noise_multiplier", &multiplier, noise);
    SetClientTerms(table, keys, multiplier, defaults, terms);
  } else {
    table.Required("noise_multiplier", &terms.noise_multiplier, noise);
    RefuseClientKeys(table, keys);
  }
  if (terms.protects_clients() == (terms.mechanism == Mechanism::kDpSgd)) {
    table.Fail("mechanism",
               "patients are protected by dp-sgd, clients by central, distributed or local noise");
  }
  return terms;
}

}  // namespace cairn

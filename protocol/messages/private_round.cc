#include "protocol/messages/private_round.h"

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "core/base/check.h"
#include "protocol/messages/masked_layout.h"

namespace cairn {
namespace {

constexpr std::uint32_t kLargestLot = 1 << 20;
constexpr std::uint64_t kLargestPopulation = std::uint64_t{1} << 40;

// ⌈2^53 · lot / population⌉ without leaving 64 bits: whole times, then the rest bit by bit. Rounded up, so
// that the rate priced is never below the one meant.
std::uint64_t RateOf(std::uint64_t lot, std::uint64_t population) {
  std::uint64_t rate = lot / population;  // 0, or 1 where everybody is in every lot
  std::uint64_t rest = lot % population;
  for (int bit = 0; bit < 53; ++bit) {
    rest *= 2;
    rate = rate * 2 + (rest >= population ? 1 : 0);
    if (rest >= population) rest -= population;
  }
  return rate + (rest > 0 ? 1 : 0);
}

Result<std::uint32_t> StepsOf(const TrainConfig& train, std::uint64_t population) {
  if (train.steps > 0) return train.steps;
  const std::uint64_t steps = train.epochs * ((population + train.batch - 1) / train.batch);
  if (steps <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(steps);
  return Status(errors::kPrivacyParameter, "a round of " + std::to_string(steps) + " steps, more than 2^32");
}

// False for NaN.
bool IsScale(double value) { return value >= kLeastPrivacyScale && value <= kLargestPrivacyScale; }

}  // namespace

Result<PrivateRound> PrivateRoundOf(const JobSpec& spec, std::uint64_t population) {
  CAIRN_CHECK(spec.privacy.has_value(), "only a private job is priced");
  if (population == 0 || population > kLargestPopulation)
    return Status(errors::kPrivacyParameter, "a population of " + std::to_string(population));
  const TrainConfig& train = spec.train;
  if (train.batch > population) {
    return Status(errors::kPrivacySampling, "a lot of " + std::to_string(train.batch) + " from " +
                                                std::to_string(population) + " patients")
        .Mend("lower train.batch below the number of patients of the smallest site");
  }
  PrivateTraining training{.clip = spec.privacy->clip,
                           .noise_multiplier = spec.privacy->noise_multiplier,
                           .sampling_rate = RateOf(train.batch, population),
                           .steps = 0,
                           .expected_lot = train.batch};
  CAIRN_ASSIGN_OR_RETURN(training.steps, StepsOf(train, population));
  PrivacyEvent::Terms terms;
  terms.mechanism =
      GaussianNoise{.noise_multiplier = training.noise_multiplier,
                    .law = SamplingLaw::kPoisson,
                    .sampling_rate = std::ldexp(static_cast<double>(training.sampling_rate), -53)};
  terms.convention = {PrivacyUnit::kPatient, Adjacency::kAddOrRemove};
  terms.steps = training.steps;
  CAIRN_ASSIGN_OR_RETURN(PrivacyEvent event, PrivacyEvent::Create(std::move(terms)));
  return PrivateRound{training, std::move(event)};
}

Result<PrivateRound> ClientRoundOf(const JobSpec& spec, std::uint64_t parameters, double clip) {
  CAIRN_CHECK(ProtectsClients(spec), "only a job that protects clients is priced so");
  const ClientNoise noise = ClientNoiseOf(spec, parameters, clip);
  CAIRN_RETURN_IF_ERROR(CheckClientNoise(noise));
  CAIRN_ASSIGN_OR_RETURN(PrivacyEvent event, ClientEventOf(*spec.privacy, noise, SmallestMaskedCohort(spec)));
  return PrivateRound{std::nullopt, std::move(event)};
}

std::string_view FaultOf(const PrivateTraining& training) {
  if (!IsScale(training.clip)) return "the clip is outside [10^-6, 10^6]";
  if (!IsScale(training.noise_multiplier)) return "the noise multiplier is outside [10^-6, 10^6]";
  if (training.sampling_rate == 0 || training.sampling_rate > kWholeSamplingRate)
    return "the sampling rate is outside (0, 2^53]";
  if (training.steps == 0) return "no steps";
  if (training.expected_lot == 0 || training.expected_lot > kLargestLot)
    return "the lot is outside [1, 2^20]";
  return {};
}

}  // namespace cairn

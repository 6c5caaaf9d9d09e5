#include "cli/cairn/privacy_plan.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "protocol/messages/job_words.h"
#include "protocol/messages/masked_layout.h"
#include "protocol/messages/private_round.h"

namespace cairn {
namespace {

using Mechanism = PrivacyTerms::Mechanism;

std::string Number(double value, const char* format = "%g") {
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}
std::string Epsilon(double value) { return Number(std::ceil(value * 100) / 100, "%.2f"); }

std::uint64_t PassesPerRound(const JobSpec& job) { return job.train.steps > 0 ? 0 : job.train.epochs; }

Result<double> EpsilonOf(AccountantKind kind, PrivacyEvent::Terms terms, std::uint64_t steps, Delta delta) {
  terms.steps = steps;
  CAIRN_ASSIGN_OR_RETURN(const PrivacyEvent event, PrivacyEvent::Create(terms));
  const auto account = NewAccountant(kind, terms.convention);
  CAIRN_RETURN_IF_ERROR(account->Compose(event));
  return account->EpsilonFor(delta).epsilon;
}

// Of one round, as a site would charge it.
Result<PrivacyEvent::Terms> RoundOf(const JobSpec& job, const PrivacyTerms& terms, std::uint64_t population) {
  if (terms.mechanism == Mechanism::kDpSgd) {
    JobSpec priced = job;
    priced.privacy = terms;
    CAIRN_ASSIGN_OR_RETURN(const PrivateRound round, PrivateRoundOf(priced, population));
    return round.event.terms();
  }
  // How wide shares are on the ring's grid makes no difference to what they cost together (client_noise.h).
  PrivacyEvent::Terms event;
  event.convention = {PrivacyUnit::kClient, Adjacency::kZeroOut};
  event.mechanism = GaussianNoise{.noise_multiplier = terms.noise_multiplier};
  return event;
}

Status AddCosts(const JobSpec& job, PrivacyPlan& plan) {
  const std::uint32_t rounds = job.strategy.rounds;
  for (const std::uint32_t after :
       std::set<std::uint32_t>{std::max(1u, rounds / 3), std::max(1u, 2 * rounds / 3), rounds}) {
    const std::uint64_t steps = after * plan.steps_per_round;
    CAIRN_ASSIGN_OR_RETURN(const double rdp, EpsilonOf(AccountantKind::kRdp, plan.terms, steps, plan.delta));
    CAIRN_ASSIGN_OR_RETURN(const double pld, EpsilonOf(AccountantKind::kPld, plan.terms, steps, plan.delta));
    plan.costs.push_back({after, rdp, pld});
  }
  return {};
}

Status AddShuffled(const JobSpec& job, PrivacyPlan& plan) {
  const std::uint64_t passes = job.strategy.rounds * PassesPerRound(job);
  auto* noise = std::get_if<GaussianNoise>(&plan.terms.mechanism);
  if (passes == 0 || noise == nullptr || noise->law != SamplingLaw::kPoisson) return {};
  PrivacyEvent::Terms everyone = plan.terms;
  everyone.mechanism = GaussianNoise{.noise_multiplier = noise->noise_multiplier};
  CAIRN_ASSIGN_OR_RETURN(plan.shuffled, EpsilonOf(AccountantKind::kPld, everyone, passes, plan.delta));
  return {};
}

Status AddTarget(double epsilon, PrivacyPlan& plan) {
  CAIRN_ASSIGN_OR_RETURN(plan.target, MakeTarget(epsilon, plan.delta));
  CAIRN_ASSIGN_OR_RETURN(plan.for_target, CalibrateNoise(AccountantKind::kRdp, plan.terms, *plan.target));
  const auto nothing_spent = NewRdpAccountant(plan.terms.convention);
  CAIRN_ASSIGN_OR_RETURN(const std::uint64_t steps, MostSteps(*nothing_spent, plan.terms, *plan.target));
  plan.rounds_in_target = steps / plan.steps_per_round;
  return {};
}

std::string ClientsLine(const PrivacyPlan& plan, std::string line) {
  const std::string rounds = std::to_string(plan.costs.back().rounds);
  line += " · everyone in each of " + rounds + " rounds";
  if (plan.mechanism == Mechanism::kCentral) return line + " · the aggregator adds the noise";
  if (plan.mechanism == Mechanism::kLocal) return line + " · each client adds all of it";
  return line + " · shares of " + std::to_string(plan.fewest_survivors - plan.colluders) + " of " +
         std::to_string(plan.fewest_survivors) + " survivors";
}

// Of n clients, noise of deviation z·C/√h each: √(n/h) of what one party would add.
double NoiseRatio(const PrivacyPlan& plan) {
  const double n = plan.fewest_survivors;
  if (plan.mechanism == Mechanism::kLocal) return std::sqrt(n);
  if (plan.mechanism == Mechanism::kDistributed) return std::sqrt(n / (n - plan.colluders));
  return 1;
}

std::string MechanismLine(const PrivacyPlan& plan) {
  const auto& noise = std::get<GaussianNoise>(plan.terms.mechanism);
  const bool is_sampled = noise.law == SamplingLaw::kPoisson;
  const std::uint32_t rounds = plan.costs.back().rounds;
  std::string line = WordOf(plan.mechanism, kPrivacyMechanismWords) + " · clip " + Number(plan.clip) +
                     " · σ " + Number(noise.noise_multiplier);
  if (!is_sampled) return ClientsLine(plan, std::move(line));
  return line + " · Poisson q " + Number(noise.sampling_rate) + " of " + std::to_string(plan.population) +
         " patients · " + std::to_string(plan.steps_per_round) + " steps a round, " + std::to_string(rounds) +
         " rounds, " + std::to_string(plan.terms.steps) + " steps";
}

std::string CostLine(const PrivacyPlan& plan) {
  std::string rdp, pld;
  for (const PrivacyPlan::Cost& cost : plan.costs) {
    const std::string dot = rdp.empty() ? "" : " · ";
    rdp +=
        dot + std::to_string(cost.rounds) + (cost.rounds == 1 ? " round " : " rounds ") + Epsilon(cost.rdp);
    pld += dot + Epsilon(cost.pld);
  }
  return rdp + "   rdp, what a cap is held to; by pld " + pld;
}

}  // namespace

Result<PrivacyPlan> MakePrivacyPlan(const JobSpec& job, const PrivacyTerms& terms, std::uint64_t population,
                                    std::optional<double> target_epsilon) {
  if (population == 0) return Status(errors::kPrivacyParameter, "the population is 0, expected at least 1");
  CAIRN_ASSIGN_OR_RETURN(const Delta delta, terms.delta ? Delta::ForPopulation(*terms.delta, population)
                                                        : Delta::DefaultFor(population));
  CAIRN_ASSIGN_OR_RETURN(PrivacyEvent::Terms event, RoundOf(job, terms, population));
  PrivacyPlan plan{.terms = event, .population = population, .clip = terms.clip, .delta = delta};
  plan.mechanism = terms.mechanism;
  if (terms.protects_clients()) {
    plan.fewest_survivors = SmallestMaskedCohort(job);
    plan.colluders = terms.colluders;
    plan.noise_ratio = NoiseRatio(plan);
  }
  plan.steps_per_round = event.steps;
  plan.terms.steps = job.strategy.rounds * event.steps;
  CAIRN_RETURN_IF_ERROR(AddCosts(job, plan));
  CAIRN_RETURN_IF_ERROR(AddShuffled(job, plan));
  if (target_epsilon) CAIRN_RETURN_IF_ERROR(AddTarget(*target_epsilon, plan));
  return plan;
}

std::string PrivacyPlanText(const PrivacyPlan& plan) {
  std::string text = "unit        " + ToString(plan.terms.convention) + " · δ " + Number(plan.delta.value()) +
                     "\nmechanism   " + MechanismLine(plan) + "\nε           " + CostLine(plan) + "\n";
  if (plan.target) {
    text += "target      " + ToString(*plan.target) + " needs σ " +
            Number(plan.for_target->noise_multiplier) + "; the job's own σ leaves room for " +
            std::to_string(*plan.rounds_in_target) + " rounds\n";
  }
  if (plan.noise_ratio > 1) {
    text += "warns       the mean of a round has " + Number(plan.noise_ratio, "%.2f") +
            " times the noise that an aggregator, trusted with it, would add\n";
  }
  if (plan.shuffled) {
    text +=
        "warns       shuffled passes instead of Poisson lots would cost ε " + Epsilon(*plan.shuffled) + "\n";
  }
  return text;
}

JsonObject PrivacyPlanJson(const PrivacyPlan& plan) {
  const auto& noise = std::get<GaussianNoise>(plan.terms.mechanism);
  JsonArray costs;
  for (const PrivacyPlan::Cost& cost : plan.costs) {
    costs.Add(JsonObject().Add("rounds", cost.rounds).Add("rdp", cost.rdp).Add("pld", cost.pld));
  }
  JsonObject json;
  json.Add("unit", ToString(plan.terms.convention.unit))
      .Add("mechanism", WordOf(plan.mechanism, kPrivacyMechanismWords))
      .Add("adjacency", ToString(plan.terms.convention.adjacency))
      .Add("sampling", ToString(noise.law))
      .Add("sampling_rate", noise.sampling_rate)
      .Add("noise_multiplier", noise.noise_multiplier)
      .Add("steps", plan.terms.steps)
      .Add("delta", plan.delta.value())
      .Add("epsilon", costs);
  if (plan.noise_ratio > 1) json.Add("noise_ratio", plan.noise_ratio);
  if (plan.shuffled) json.Add("epsilon_if_shuffled", *plan.shuffled);
  if (plan.target) {
    json.Add("target_epsilon", plan.target->epsilon)
        .Add("target_noise_multiplier", plan.for_target->noise_multiplier)
        .Add("rounds_in_target", *plan.rounds_in_target);
  }
  return json;
}

}  // namespace cairn

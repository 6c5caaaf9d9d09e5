#include "simulation/engine/sim_privacy.h"

#include <algorithm>
#include <limits>
#include <string>

namespace cairn {
namespace {

Result<Delta> DeltaOf(const PrivacyTerms& terms, std::uint64_t largest) {
  return terms.delta ? Delta::ForPopulation(*terms.delta, largest) : Delta::DefaultFor(largest);
}

}  // namespace

Result<std::vector<std::unique_ptr<PrivacyDesk>>> MakePrivacyDesks(const JobManifest& manifest,
                                                                   const std::vector<SimClient>& clients) {
  std::vector<std::unique_ptr<PrivacyDesk>> desks(clients.size());
  if (!manifest.spec.privacy || clients.empty()) return desks;
  const PrivacyUnit unit = manifest.spec.privacy->unit;
  const auto population = [&](const SimClient& client) {
    return unit == PrivacyUnit::kClient ? clients.size() : std::uint64_t{client.train->size()};
  };
  std::uint64_t largest = 1;
  for (const SimClient& client : clients) largest = std::max(largest, population(client));
  CAIRN_ASSIGN_OR_RETURN(const Delta delta, DeltaOf(*manifest.spec.privacy, largest));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    desks[i] = std::make_unique<PrivacyDesk>(PrivacyDesk::ForSimulation(population(clients[i]), delta, unit));
    if (const auto price = desks[i]->PriceOf(manifest); !price.ok()) {
      return Status(price.status().id(), clients[i].site + ": " + price.status().what())
          .Mend(unit == PrivacyUnit::kClient ? "change the terms of privacy or strategy.cohort"
                                             : "lower train.batch, or deal the rows to fewer clients");
    }
  }
  return desks;
}

NoiseBits CentralNoise(std::uint64_t seed, RoundId round) {
  return NoiseBits::Simulated(seed, round.value, std::numeric_limits<std::uint64_t>::max());
}

std::optional<SimPrivacySpent> SpentOf(const std::vector<const PrivacyDesk*>& desks) {
  std::optional<SimPrivacySpent> all;
  for (const PrivacyDesk* desk : desks) {
    if (desk == nullptr) continue;
    const auto spent = desk->Spent(desk->domains().front().name);
    if (!spent.ok()) continue;
    if (!all) all.emplace();
    all->max_epsilon = std::max(all->max_epsilon, spent->epsilon);
    all->sum_epsilon += spent->epsilon;
    all->delta = spent->delta.value();
  }
  return all;
}

}  // namespace cairn

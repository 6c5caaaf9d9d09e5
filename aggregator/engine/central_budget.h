#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "aggregator/aggregation/ring_sum.h"
#include "core/base/result.h"
#include "privacy/accounting/privacy_ledger.h"
#include "protocol/messages/job.h"
#include "protocol/messages/messages.h"

namespace cairn {

// What an aggregator allows to be learnt about its clients by sums that it adds the noise to itself.
struct CentralTerms {
  std::uint64_t clients = 1;  // how many there are, a public number
  DomainTerms domain;
};

// The budget of those sums, for drivers of a JobEngine: charged before a sum is read, revealed before the
// model that came of it is. One domain, of all clients, each taken to be in every round. Not thread-safe.
class CentralBudget {
 public:
  static constexpr const char* kDomain = "clients";

  CentralBudget() =
      default;  // of an aggregator that may add no noise of its own: every job that asks is refused
  CentralBudget(CentralTerms terms, Result<std::unique_ptr<PrivacyLedger>> ledger);
  // In memory and without a cap, for simulations.
  static Result<CentralBudget> ForSimulation(std::uint64_t clients, std::optional<double> delta);

  // Whether a job could begin: nothing for one that asks for no central noise. kPrivacyDomain where the
  // aggregator has no budget, kPrivacyDelta for a δ of 1/clients or above, kPrivacyBudget,
  // kPrivacyLedgerBroken.
  Status Weigh(const JobSpec& spec, const PrivacyEvent& event) const;
  // One release of the attempt, its bits from `noise`. Errors of PrivacyLedger::ChargeAttempt.
  Result<CentralRelease> Charge(const JobManifest& manifest, const RoundKey& key, const PrivacyEvent& event,
                                NoiseBits noise);
  Status Reveal(const JobManifest& manifest, const RoundKey& key);  // durable on return

  const std::optional<CentralTerms>& terms() const { return terms_; }
  Result<EpsilonDelta> Spent() const;

 private:
  std::optional<CentralTerms> terms_;
  std::unique_ptr<PrivacyLedger> ledger_;
  Status fault_;
  mutable std::optional<Result<EpsilonDelta>> spent_;  // until the next charge: pages ask often
};

}  // namespace cairn

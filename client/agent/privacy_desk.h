#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/policy/privacy_domain.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "privacy/accounting/privacy_ledger.h"
#include "protocol/messages/job.h"
#include "protocol/messages/messages.h"
#include "protocol/messages/private_round.h"

namespace cairn {

// A site's privacy budget as its agent uses it: which people a job is about, what a round of it costs them,
// and the ledger that is charged. The engine weighs and prices (const); the driver charges and reveals. A
// site whose ledger is damaged has a desk too, and that desk refuses every private job with the reason.
//
//   PrivacyDesk desk = PrivacyDesk::Open(config.state_dir / "privacy.ledger", config.privacy_domains);
//   CAIRN_ASSIGN_OR_RETURN(const PrivacyDesk::Price price, desk.PriceOf(manifest));
//   Result<ReleasePermit> permit = desk.Charge(price.For(manifest, key));     // before training starts
//   CAIRN_RETURN_IF_ERROR(desk.Reveal(price.For(manifest, key).key));         // before anything of it leaves
//
// A charge by rdp takes milliseconds, by pld up to seconds. Not thread-safe.
class PrivacyDesk {
 public:
  PrivacyDesk() = default;  // no domain, so every private job is refused
  PrivacyDesk(std::vector<PrivacyDomain> domains, Result<std::unique_ptr<PrivacyLedger>> ledger);
  static PrivacyDesk Open(const std::filesystem::path& ledger, std::vector<PrivacyDomain> domains);
  // Of one set of made-up people without a cap, all of them in every data set; or of one client.
  static PrivacyDesk ForSimulation(std::uint64_t population, Delta delta, PrivacyUnit unit);

  struct Price {
    std::string domain;
    std::uint64_t population = 0;
    PrivateRound round;
    cairn::Charge For(const JobManifest& manifest, RoundKey key) const;
  };
  // Of one round; of a job that protects clients with that clip, or the job's first one where it is 0.
  // kPrivacyDomain for a data set of no domain; kPrivacyDelta for a job whose δ is 1/population or above;
  // errors of PrivateRoundOf and ClientRoundOf.
  Result<Price> PriceOf(const JobManifest& manifest, double clip = 0) const;
  // Whether the site could take part in one more round. Errors of PriceOf and LedgerBook::WeighNext, and
  // kPrivacyLedgerBroken.
  Status Weigh(const JobManifest& manifest) const;

  Result<ReleasePermit> Charge(const cairn::Charge& charge);  // PrivacyLedger::ChargeAttempt
  Status Reveal(const ChargeKey& key);

  // ---- for people

  const std::vector<PrivacyDomain>& domains() const { return domains_; }
  const Status& fault() const { return fault_; }  // why there is no ledger
  LogHead head() const { return ledger_ == nullptr ? LogHead{} : ledger_->head(); }
  Result<EpsilonDelta> Spent(const std::string& domain) const;
  // What a whole job would cost, alone and beside what was spent, and how many of its rounds fit the cap.
  struct JobCost {
    std::string domain;
    EpsilonDelta alone, after, cap;
    std::uint64_t rounds_left = 0;  // at most the job's
  };
  Result<JobCost> CostOf(const JobManifest& manifest) const;

 private:
  Result<JobCost> ComputeCost(const JobManifest& manifest) const;

  std::vector<PrivacyDomain> domains_;
  std::unique_ptr<PrivacyLedger> ledger_;
  Status fault_;
  // Status pages ask every two seconds; an answer holds until the next charge.
  mutable std::map<std::string, Result<EpsilonDelta>> spent_;
  mutable std::map<std::string, Result<JobCost>> costs_;  // by manifest digest
};

}  // namespace cairn

#include "aggregator/engine/central_budget.h"

#include <limits>
#include <utility>

#include "core/base/check.h"

namespace cairn {
namespace {

ChargeKey KeyOf(const JobManifest& manifest, const RoundKey& key) {
  const auto digest = Sha256Digest::Parse(manifest.digest);
  CAIRN_CHECK(digest.has_value(), "an accepted manifest has its digest");
  return {CentralBudget::kDomain, *digest, key.job, key.round, key.attempt};
}

}  // namespace

CentralBudget::CentralBudget(CentralTerms terms, Result<std::unique_ptr<PrivacyLedger>> ledger)
    : terms_(std::move(terms)) {
  if (ledger.ok()) {
    ledger_ = *std::move(ledger);
  } else {
    fault_ = ledger.status();
  }
}

Result<CentralBudget> CentralBudget::ForSimulation(std::uint64_t clients, std::optional<double> delta) {
  CAIRN_ASSIGN_OR_RETURN(const Delta checked,
                         delta ? Delta::ForPopulation(*delta, clients) : Delta::DefaultFor(clients));
  const DomainTerms terms{{std::numeric_limits<double>::infinity(), checked},
                          {PrivacyUnit::kClient, Adjacency::kZeroOut},
                          AccountantKind::kRdp};
  return CentralBudget({clients, terms}, PrivacyLedger::InMemory({{kDomain, terms}}));
}

Status CentralBudget::Weigh(const JobSpec& spec, const PrivacyEvent& event) const {
  const bool is_central = spec.privacy && spec.privacy->mechanism == PrivacyTerms::Mechanism::kCentral;
  if (!is_central) return {};
  if (!terms_.has_value()) {
    return Status(errors::kPrivacyDomain,
                  "this aggregator keeps no privacy budget, and the job asks it for noise")
        .Mend(
            "give aggregator.toml one, such as privacy = { clients = 1000, epsilon = 8.0 }, or say "
            "mechanism = \"distributed\" in the job: the sites then add the noise");
  }
  CAIRN_RETURN_IF_ERROR(fault_);
  if (spec.privacy->delta)
    CAIRN_RETURN_IF_ERROR(Delta::ForPopulation(*spec.privacy->delta, terms_->clients).status());
  return ledger_->book().WeighNext({{kDomain, {}, {}, {}, 0}, event});
}

Result<CentralRelease> CentralBudget::Charge(const JobManifest& manifest, const RoundKey& key,
                                             const PrivacyEvent& event, NoiseBits noise) {
  CAIRN_RETURN_IF_ERROR(fault_);
  if (ledger_ == nullptr)
    return Status(errors::kPrivacyDomain, "this aggregator keeps no privacy budget any more");
  spent_.reset();
  CAIRN_ASSIGN_OR_RETURN(ReleasePermit permit, ledger_->ChargeAttempt({KeyOf(manifest, key), event}));
  return CentralRelease{std::move(permit), std::move(noise)};
}

Status CentralBudget::Reveal(const JobManifest& manifest, const RoundKey& key) {
  CAIRN_RETURN_IF_ERROR(fault_);
  if (ledger_ == nullptr) return {};
  return ledger_->Reveal(KeyOf(manifest, key));
}

Result<EpsilonDelta> CentralBudget::Spent() const {
  CAIRN_RETURN_IF_ERROR(fault_);
  if (ledger_ == nullptr) return Status(errors::kPrivacyDomain, "no privacy budget is kept");
  if (!spent_.has_value()) spent_ = ledger_->Spent(kDomain);
  return *spent_;
}

}  // namespace cairn

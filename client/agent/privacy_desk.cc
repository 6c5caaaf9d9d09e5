#include "client/agent/privacy_desk.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/check.h"
#include "core/tensor/update.h"
#include "protocol/messages/client_noise.h"

namespace cairn {
namespace {

constexpr std::string_view kAnyDataset =
    "*";  // no file can say it: ReadPrivacyDomains wants a [dataset] table

const PrivacyDomain* FindDomain(const std::vector<PrivacyDomain>& domains, const JobSpec& spec) {
  const auto holds = [&](const PrivacyDomain& domain) {
    if (domain.terms.convention.unit != spec.privacy->unit) return false;
    return std::ranges::any_of(domain.datasets, [&](const std::string& known) {
      return known == spec.data.dataset || known == kAnyDataset;
    });
  };
  const auto found = std::ranges::find_if(domains, holds);
  return found == domains.end() ? nullptr : &*found;
}

Status NoDomain(const std::string& dataset, PrivacyUnit unit = PrivacyUnit::kPatient) {
  const bool is_client = unit == PrivacyUnit::kClient;
  return Status(errors::kPrivacyDomain, "data set '" + dataset + "' is in no privacy domain of this site" +
                                            (is_client ? " with unit = \"client\"" : ""))
      .Mend(std::string("declare one in client.toml: [privacy.domain.NAME] with ") +
            (is_client ? "unit = \"client\", " : "") + "datasets, population and epsilon");
}

Result<PrivateRound> RoundOf(const JobManifest& manifest, std::uint64_t population, double clip) {
  const JobSpec& spec = manifest.spec;
  if (!ProtectsClients(spec)) return PrivateRoundOf(spec, population);
  CAIRN_ASSIGN_OR_RETURN(const ParameterSpec model, ParameterSpec::Create(manifest.tensors));
  return ClientRoundOf(spec, static_cast<std::uint64_t>(LayoutOf(model).parameters),
                       clip > 0 ? clip : spec.privacy->clip);
}

Result<PrivacyEvent> Times(const PrivacyEvent& event, std::uint64_t times) {
  PrivacyEvent::Terms terms = event.terms();
  terms.steps *= times;
  return PrivacyEvent::Create(std::move(terms));
}

}  // namespace

PrivacyDesk::PrivacyDesk(std::vector<PrivacyDomain> domains, Result<std::unique_ptr<PrivacyLedger>> ledger)
    : domains_(std::move(domains)) {
  if (ledger.ok()) {
    ledger_ = *std::move(ledger);
  } else {
    fault_ = ledger.status();
  }
}

PrivacyDesk PrivacyDesk::Open(const std::filesystem::path& path, std::vector<PrivacyDomain> domains) {
  auto ledger = PrivacyLedger::Open(path, DomainTermsOf(domains));
  return PrivacyDesk(std::move(domains), std::move(ledger));
}

PrivacyDesk PrivacyDesk::ForSimulation(std::uint64_t population, Delta delta, PrivacyUnit unit) {
  const EpsilonDelta no_cap{std::numeric_limits<double>::infinity(), delta};
  const bool is_client = unit == PrivacyUnit::kClient;
  const PrivacyConvention convention{unit, is_client ? Adjacency::kZeroOut : Adjacency::kAddOrRemove};
  const DomainTerms terms{no_cap, convention, AccountantKind::kRdp};
  std::vector<PrivacyDomain> domains = {
      {is_client ? "client" : "rows", {std::string(kAnyDataset)}, population, terms}};
  auto ledger = PrivacyLedger::InMemory(DomainTermsOf(domains));
  return PrivacyDesk(std::move(domains), std::move(ledger));
}

cairn::Charge PrivacyDesk::Price::For(const JobManifest& manifest, RoundKey key) const {
  const auto digest = Sha256Digest::Parse(manifest.digest);
  CAIRN_CHECK(digest.has_value(), "an accepted manifest has its digest");
  return {{domain, *digest, key.job, key.round, key.attempt}, round.event};
}

Result<PrivacyDesk::Price> PrivacyDesk::PriceOf(const JobManifest& manifest, double clip) const {
  const JobSpec& spec = manifest.spec;
  const PrivacyDomain* domain = FindDomain(domains_, spec);
  if (domain == nullptr) return NoDomain(spec.data.dataset, spec.privacy->unit);
  if (spec.privacy->delta)
    CAIRN_RETURN_IF_ERROR(Delta::ForPopulation(*spec.privacy->delta, domain->population).status());
  CAIRN_ASSIGN_OR_RETURN(PrivateRound round, RoundOf(manifest, domain->population, clip));
  return Price{domain->name, domain->population, std::move(round)};
}

Status PrivacyDesk::Weigh(const JobManifest& manifest) const {
  CAIRN_ASSIGN_OR_RETURN(const Price price, PriceOf(manifest));
  CAIRN_RETURN_IF_ERROR(fault_);
  return ledger_->book().WeighNext(price.For(manifest, {manifest.id, {}, 0}));
}

Result<ReleasePermit> PrivacyDesk::Charge(const cairn::Charge& charge) {
  CAIRN_RETURN_IF_ERROR(fault_);
  if (ledger_ == nullptr) return NoDomain(charge.key.domain);
  spent_.clear();
  costs_.clear();
  return ledger_->ChargeAttempt(charge);
}

Status PrivacyDesk::Reveal(const ChargeKey& key) {
  CAIRN_RETURN_IF_ERROR(fault_);
  if (ledger_ == nullptr) return NoDomain(key.domain);
  return ledger_->Reveal(key);
}

Result<EpsilonDelta> PrivacyDesk::Spent(const std::string& domain) const {
  CAIRN_RETURN_IF_ERROR(fault_);
  if (ledger_ == nullptr) return NoDomain(domain);
  const auto known = spent_.find(domain);
  return known != spent_.end() ? known->second : spent_.emplace(domain, ledger_->Spent(domain)).first->second;
}

Result<PrivacyDesk::JobCost> PrivacyDesk::CostOf(const JobManifest& manifest) const {
  const auto known = costs_.find(manifest.digest);
  if (known != costs_.end()) return known->second;
  return costs_.emplace(manifest.digest, ComputeCost(manifest)).first->second;
}

Result<PrivacyDesk::JobCost> PrivacyDesk::ComputeCost(const JobManifest& manifest) const {
  CAIRN_ASSIGN_OR_RETURN(const Price price, PriceOf(manifest));
  CAIRN_RETURN_IF_ERROR(fault_);
  const DomainTerms& terms = FindDomain(domains_, manifest.spec)->terms;
  const std::uint32_t rounds = manifest.spec.strategy.rounds;
  CAIRN_ASSIGN_OR_RETURN(const PrivacyEvent whole, Times(price.round.event, rounds));
  const auto alone = NewAccountant(terms.accountant, terms.convention);
  CAIRN_RETURN_IF_ERROR(alone->Compose(whole));
  CAIRN_ASSIGN_OR_RETURN(const EpsilonDelta after, ledger_->book().SpentWith(price.domain, whole));
  JobCost cost{price.domain, alone->EpsilonFor(terms.cap.delta), after, terms.cap};
  std::uint64_t fit = 0, over = std::uint64_t{rounds} + 1;  // so many fit, so many do not
  while (over - fit > 1) {
    const std::uint64_t middle = fit + (over - fit) / 2;
    CAIRN_ASSIGN_OR_RETURN(const PrivacyEvent some, Times(price.round.event, middle));
    CAIRN_ASSIGN_OR_RETURN(const EpsilonDelta with, ledger_->book().SpentWith(price.domain, some));
    (with.epsilon <= terms.cap.epsilon ? fit : over) = middle;
  }
  cost.rounds_left = fit;
  return cost;
}

}  // namespace cairn

#include "privacy/accounting/ledger_book.h"

#include <algorithm>
#include <utility>

namespace cairn {
namespace {

std::string Name(const ChargeKey& key) {
  return "job " + std::to_string(key.job.value) + ", round " + std::to_string(key.round.value) +
         ", attempt " + std::to_string(key.attempt);
}

}  // namespace

Result<const DomainTerms*> LedgerBook::TermsOf(const std::string& domain) const {
  const auto found = domains_.find(domain);
  if (found != domains_.end()) return &found->second;
  return Status(errors::kPrivacyDomain, "privacy domain \"" + domain + "\" has no cap at this site");
}

const LedgerBook::Entry* LedgerBook::Find(const ChargeKey& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &entries_[found->second];
}

Result<LedgerBook::Need> LedgerBook::Weigh(const Charge& charge) const {
  CAIRN_RETURN_IF_ERROR(TermsOf(charge.key.domain).status());
  if (const Entry* known = Find(charge.key); known != nullptr && known->charge.event == charge.event) {
    if (!known->revealed_as) return Need::kNothing;
    return Status(errors::kPrivacyRevealed, Name(charge.key) + " was released already");
  }
  CAIRN_RETURN_IF_ERROR(CheckCap(charge.key.domain, charge.event));
  return Need::kRecord;
}

Result<EpsilonDelta> LedgerBook::SpentWith(const std::string& domain, const PrivacyEvent& event) const {
  CAIRN_ASSIGN_OR_RETURN(const DomainTerms* terms, TermsOf(domain));
  const auto account = accounts_.find(domain);
  const auto trial = account != accounts_.end() ? account->second->Clone()
                                                : NewAccountant(terms->accountant, terms->convention);
  CAIRN_RETURN_IF_ERROR(trial->Compose(event));
  return trial->EpsilonFor(terms->cap.delta);
}

Status LedgerBook::CheckCap(const std::string& domain, const PrivacyEvent& event) const {
  CAIRN_ASSIGN_OR_RETURN(const DomainTerms* terms, TermsOf(domain));
  CAIRN_ASSIGN_OR_RETURN(const EpsilonDelta after, SpentWith(domain, event));
  if (after.epsilon <= terms->cap.epsilon) return {};
  return Status(errors::kPrivacyBudget, "domain \"" + domain + "\" would come to " + ToString(after) +
                                            ", its cap is " + ToString(terms->cap));
}

Status LedgerBook::WeighNext(const Charge& charge) const {
  const auto is_owed = [&](const Entry& entry) {
    const ChargeKey& key = entry.charge.key;
    return !entry.revealed_as && key.domain == charge.key.domain && key.manifest == charge.key.manifest &&
           entry.charge.event == charge.event;
  };
  CAIRN_RETURN_IF_ERROR(TermsOf(charge.key.domain).status());
  if (std::ranges::any_of(entries_, is_owed)) return {};
  return CheckCap(charge.key.domain, charge.event);
}

std::optional<ChargeKey> LedgerBook::FindCarryable(const Charge& charge) const {
  if (Find(charge.key) != nullptr) return std::nullopt;
  ChargeKey of_round = charge.key;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    of_round.attempt = entry->charge.key.attempt;
    const bool is_earlier = entry->charge.key == of_round && of_round.attempt < charge.key.attempt;
    if (is_earlier && !entry->revealed_as && entry->charge.event == charge.event) return of_round;
  }
  return std::nullopt;
}

Result<Charge> LedgerBook::WeighCarrying(const ChargeKey& key, std::uint32_t attempt) const {
  const Entry* known = Find(key);
  if (known == nullptr) return Status(errors::kPrivacyDomain, Name(key) + " was never charged");
  if (known->revealed_as) return Status(errors::kPrivacyRevealed, Name(key) + " was released already");
  ChargeKey later = key;
  later.attempt = attempt;
  if (const Entry* own = Find(later); own != nullptr && own != known) {
    return Status(errors::kPrivacyRevealed, Name(later) + " has a charge of its own");
  }
  return Charge{later, known->charge.event};
}

Result<LedgerBook::Need> LedgerBook::WeighRevealing(const ChargeKey& key) const {
  const Entry* known = Find(key);
  if (known == nullptr) return Status(errors::kPrivacyDomain, Name(key) + " was never charged");
  if (!known->revealed_as) return Need::kRecord;
  if (known->revealed_as == key) return Need::kNothing;
  return Status(errors::kPrivacyRevealed,
                Name(*known->revealed_as) + " was released under the charge of " + Name(key));
}

Status LedgerBook::ApplyCharge(const Charge& charge) {
  auto& account = accounts_[charge.key.domain];
  if (account == nullptr) {
    // A domain nobody declares any more is remembered under its own convention.
    const auto terms = domains_.find(charge.key.domain);
    account = terms != domains_.end() ? NewAccountant(terms->second.accountant, terms->second.convention)
                                      : NewRdpAccountant(charge.event.convention());
  }
  CAIRN_RETURN_IF_ERROR(account->Compose(charge.event));
  by_key_[charge.key] = entries_.size();
  entries_.push_back({charge, {}});
  return {};
}

Status LedgerBook::Apply(const LedgerRecord& record) {
  if (const auto* charge = std::get_if<Charge>(&record)) return ApplyCharge(*charge);
  const auto* revealed = std::get_if<RevealedRecord>(&record);
  const auto* carried = std::get_if<CarriedRecord>(&record);
  const ChargeKey& key = revealed != nullptr ? revealed->key : carried->key;
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    return Status(errors::kPrivacyLedgerBroken,
                  "the ledger speaks of " + Name(key) + ", which it never charged");
  }
  if (revealed != nullptr) {
    auto& as = entries_[found->second].revealed_as;
    if (!as) as = key;
  } else {
    ChargeKey later = key;
    later.attempt = carried->attempt;
    by_key_[later] = found->second;
  }
  return {};
}

Result<EpsilonDelta> LedgerBook::Spent(const std::string& domain) const {
  CAIRN_ASSIGN_OR_RETURN(const DomainTerms* terms, TermsOf(domain));
  const auto account = accounts_.find(domain);
  if (account == accounts_.end()) return EpsilonDelta{0, terms->cap.delta};
  return account->second->EpsilonFor(terms->cap.delta);
}

std::vector<Charge> LedgerBook::Charges(const std::string& domain) const {
  std::vector<Charge> charges;
  for (const Entry& entry : entries_) {
    if (entry.charge.key.domain == domain) charges.push_back(entry.charge);
  }
  return charges;
}

}  // namespace cairn

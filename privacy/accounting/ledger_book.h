#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "privacy/accounting/accountant.h"
#include "privacy/accounting/ledger_record.h"

namespace cairn {

// What a site allows to be learnt about one set of people.
struct DomainTerms {
  EpsilonDelta cap;
  PrivacyConvention convention;
  AccountantKind accountant = AccountantKind::kRdp;
  friend bool operator==(const DomainTerms&, const DomainTerms&) = default;
};

// The thinking of a privacy ledger: says what a charge needs, and keeps what was charged. Does no input or
// output; the driver (privacy_ledger.h) makes a record durable before it applies it. Not thread-safe.
class LedgerBook {
 public:
  explicit LedgerBook(std::map<std::string, DomainTerms> domains) : domains_(std::move(domains)) {}

  enum class Need { kRecord, kNothing };  // kNothing: the same work, paid for already
  // kPrivacyDomain for an undeclared domain, kPrivacyConvention, kPrivacyRevealed, kPrivacyBudget past the
  // cap.
  Result<Need> Weigh(const Charge& charge) const;
  // Whether that attempt may go on under the charge of `key`: what it would be charged as. kPrivacyRevealed,
  // also where the attempt has a charge of its own; kPrivacyDomain for no such charge.
  Result<Charge> WeighCarrying(const ChargeKey& key, std::uint32_t attempt) const;
  // kNothing: it was said before. kPrivacyRevealed where another attempt was revealed under the same charge,
  // kPrivacyDomain for no such charge.
  Result<Need> WeighRevealing(const ChargeKey& key) const;
  // Whether one more such release may come: it is within the cap, or one is paid for and was not revealed.
  // The key's round and attempt are not looked at. Errors of Weigh.
  Status WeighNext(const Charge& charge) const;
  // An earlier attempt's charge for the same work, of which nothing was revealed; the latest one.
  // None where the attempt has a charge itself.
  std::optional<ChargeKey> FindCarryable(const Charge& charge) const;

  // Takes in what is on disk, in its order. A cap is not asked: what was charged was charged.
  // kPrivacyLedgerBroken for a record that cannot follow the ones before, kPrivacyConvention for an event
  // that does not fit its domain.
  Status Apply(const LedgerRecord& record);

  // Of a declared domain; 0 before its first charge.
  Result<EpsilonDelta> Spent(const std::string& domain) const;
  // With as many more releases of this event; the cap is not asked.
  Result<EpsilonDelta> SpentWith(const std::string& domain, const PrivacyEvent& event) const;
  // Every charge of the domain, oldest first.
  std::vector<Charge> Charges(const std::string& domain) const;

 private:
  struct Entry {
    Charge charge;
    std::optional<ChargeKey> revealed_as = {};  // the attempt that left
  };
  Status CheckCap(const std::string& domain, const PrivacyEvent& event) const;
  Status ApplyCharge(const Charge& charge);
  const Entry* Find(const ChargeKey& key) const;
  Result<const DomainTerms*> TermsOf(const std::string& domain) const;

  std::map<std::string, DomainTerms> domains_;
  std::map<std::string, std::unique_ptr<PrivacyAccountant>> accounts_;
  std::vector<Entry> entries_;
  std::map<ChargeKey, std::size_t> by_key_;  // the latest entry of the key, and of what was carried to it
};

}  // namespace cairn

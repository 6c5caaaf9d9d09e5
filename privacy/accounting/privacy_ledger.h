#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "privacy/accounting/ledger_book.h"
#include "privacy/crypto/chained_log.h"

namespace cairn {

// A site's budget: across jobs, rounds and restarts, for each domain of people. A charge is durable before
// its permit exists, is made on the attempt, and never given back. After a crash the same work goes on under
// the same charge, as long as nothing of it was revealed.
//
//   CAIRN_ASSIGN_OR_RETURN(auto ledger, PrivacyLedger::Open(dir / "privacy.ledger", domains,
//   last_head_seen)); CAIRN_ASSIGN_OR_RETURN(ReleasePermit permit, ledger->Charge({key, event}));   // before
//   training starts … noise, seal, with the permit … CAIRN_RETURN_IF_ERROR(ledger->Reveal(key)); // before
//   anything of it leaves
//
// A driver: LedgerBook thinks, a ChainedLog keeps. One process at a time (kStorageLocked); not thread-safe.
class PrivacyLedger {
 public:
  // Replays the file, or begins it. kPrivacyLedgerBroken when a record is missing, changed or added by
  // another program, or when the record `anchor` names, a head that was seen elsewhere, is not in it.
  static Result<std::unique_ptr<PrivacyLedger>> Open(const std::filesystem::path& path,
                                                     std::map<std::string, DomainTerms> domains,
                                                     std::optional<LogHead> anchor = std::nullopt);

  // Kept by this process alone: for people a researcher made up, whose budget ends with the run.
  static std::unique_ptr<PrivacyLedger> InMemory(std::map<std::string, DomainTerms> domains);

  // Errors of LedgerBook::Weigh, and the disk's: then there is no permit, and what may have reached the disk
  // counts.
  Result<ReleasePermit> Charge(const cairn::Charge& charge);
  // Under the charge of an earlier attempt at the same round, of which nothing was revealed.
  Result<ReleasePermit> Carry(const ChargeKey& key, std::uint32_t attempt);
  // What an attempt at a round needs: its own charge again, an earlier attempt's carried on, or a new one.
  Result<ReleasePermit> ChargeAttempt(const cairn::Charge& charge);
  // Durable on return. Afterwards the charge allows nothing more but to send the same bytes again.
  // kPrivacyRevealed where another attempt left under it, kPrivacyDomain for no such charge.
  Status Reveal(const ChargeKey& key);

  Result<EpsilonDelta> Spent(const std::string& domain) const { return book_.Spent(domain); }
  std::vector<cairn::Charge> Charges(const std::string& domain) const { return book_.Charges(domain); }
  const LedgerBook& book() const { return book_; }
  // What reports carry, so that others would notice an older copy. Zero for a ledger in memory.
  LogHead head() const { return log_ == nullptr ? LogHead{} : log_->head(); }

  // Walks the file without changing it, every hash and every record, and returns its head.
  // kPrivacyLedgerBroken.
  static Result<LogHead> Verify(const std::filesystem::path& path,
                                std::optional<LogHead> anchor = std::nullopt);

 private:
  explicit PrivacyLedger(std::map<std::string, DomainTerms> domains) : book_(std::move(domains)) {}
  Status Write(const LedgerRecord& record);

  LedgerBook book_;
  std::unique_ptr<ChainedLog> log_;  // null: in memory
};

}  // namespace cairn

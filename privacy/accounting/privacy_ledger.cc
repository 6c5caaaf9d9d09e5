#include "privacy/accounting/privacy_ledger.h"

#include <utility>

namespace cairn {
namespace {

constexpr std::string_view kLabel = "privacy-ledger";
constexpr std::uint16_t kRecordType = 1;

// Damage to a ledger is more than damage to a file: what was spent would be forgotten.
Status AsLedgerError(const Status& status) {
  if (status.id() != errors::kStorageCorrupt) return status;
  return Status(errors::kPrivacyLedgerBroken, status.what());
}

Status Read(const LogRecord& record, LedgerBook& book) {
  if (record.type != kRecordType) {
    return Status(errors::kPrivacyLedgerBroken, "a record of another kind in the privacy ledger");
  }
  CAIRN_ASSIGN_OR_RETURN(const LedgerRecord decoded, DecodeRecord(record.payload));
  return book.Apply(decoded);
}

}  // namespace

Result<LogHead> PrivacyLedger::Verify(const std::filesystem::path& path, std::optional<LogHead> anchor) {
  LedgerBook book({});
  const auto head = ChainedLog::Verify(
      path, kLabel, [&](const LogRecord& record) { return Read(record, book); }, anchor);
  if (!head.ok()) return AsLedgerError(head.status());
  return *head;
}

Result<std::unique_ptr<PrivacyLedger>> PrivacyLedger::Open(const std::filesystem::path& path,
                                                           std::map<std::string, DomainTerms> domains,
                                                           std::optional<LogHead> anchor) {
  std::unique_ptr<PrivacyLedger> ledger(new PrivacyLedger(std::move(domains)));
  bool has_anchor = !anchor || anchor->sequence == 0;
  const auto visit = [&](const LogRecord& record) {
    if (anchor && record.sequence == anchor->sequence) has_anchor = record.hash == anchor->hash;
    return Read(record, ledger->book_);
  };
  auto log = ChainedLog::Open(path, kLabel, visit);
  if (!log.ok()) return AsLedgerError(log.status());
  if (!has_anchor) {
    return Status(
        errors::kPrivacyLedgerBroken,
        path.string() + " lacks record " + std::to_string(anchor->sequence) + " as it was seen elsewhere");
  }
  ledger->log_ = *std::move(log);
  return ledger;
}

std::unique_ptr<PrivacyLedger> PrivacyLedger::InMemory(std::map<std::string, DomainTerms> domains) {
  return std::unique_ptr<PrivacyLedger>(new PrivacyLedger(std::move(domains)));
}

Status PrivacyLedger::Write(const LedgerRecord& record) {
  if (log_ != nullptr) CAIRN_RETURN_IF_ERROR(log_->Append(kRecordType, EncodeRecord(record)).status());
  const Status applied = book_.Apply(record);
  CAIRN_CHECK(applied.ok(), "a record is weighed before it is written");
  return {};
}

Result<ReleasePermit> PrivacyLedger::Charge(const cairn::Charge& charge) {
  CAIRN_ASSIGN_OR_RETURN(const LedgerBook::Need need, book_.Weigh(charge));
  if (need == LedgerBook::Need::kRecord) CAIRN_RETURN_IF_ERROR(Write(charge));
  return ReleasePermit(charge);
}

Result<ReleasePermit> PrivacyLedger::Carry(const ChargeKey& key, std::uint32_t attempt) {
  CAIRN_ASSIGN_OR_RETURN(cairn::Charge charge, book_.WeighCarrying(key, attempt));
  CAIRN_RETURN_IF_ERROR(Write(CarriedRecord{key, attempt}));
  return ReleasePermit(std::move(charge));
}

Result<ReleasePermit> PrivacyLedger::ChargeAttempt(const cairn::Charge& charge) {
  const auto earlier = book_.FindCarryable(charge);
  return earlier ? Carry(*earlier, charge.key.attempt) : Charge(charge);
}

Status PrivacyLedger::Reveal(const ChargeKey& key) {
  CAIRN_ASSIGN_OR_RETURN(const LedgerBook::Need need, book_.WeighRevealing(key));
  return need == LedgerBook::Need::kRecord ? Write(RevealedRecord{key}) : Status();
}

}  // namespace cairn

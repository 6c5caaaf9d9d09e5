#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "privacy/accounting/release_permit.h"

namespace cairn {

// What a privacy ledger holds: events, never an ε, so that a better accountant can read it again.
//
//   record := text("cairn-ledger-1") kind(u8) body          as in transcript.h
//   key    := text domain, manifest(32), job(u64), round(u64), attempt(u32)
//
// Kinds: 1 charge: key, event · 2 revealed: key · 3 carried: key, attempt(u32). Never renumbered.

// What was released under the key has left: its noise may be seen, so the charge cannot be used again.
struct RevealedRecord {
  ChargeKey key;
  friend bool operator==(const RevealedRecord&, const RevealedRecord&) = default;
};
// A later attempt goes on under the charge of an earlier one, of which nothing was revealed.
struct CarriedRecord {
  ChargeKey key;
  std::uint32_t attempt = 0;
  friend bool operator==(const CarriedRecord&, const CarriedRecord&) = default;
};
using LedgerRecord = std::variant<Charge, RevealedRecord, CarriedRecord>;

std::vector<std::byte> EncodeRecord(const LedgerRecord& record);
Result<LedgerRecord> DecodeRecord(std::span<const std::byte> bytes);  // kPrivacyLedgerBroken

}  // namespace cairn

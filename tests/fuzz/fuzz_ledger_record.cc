// Any bytes as a record of the privacy ledger: refused, or read into one that is written as the same bytes; a
// book takes it or says why not.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/check.h"
#include "privacy/accounting/ledger_book.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;  // NOLINT: a program of its own
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto record = DecodeRecord(bytes);
  if (!record.ok()) {
    CAIRN_CHECK(record.status().id() == errors::kPrivacyLedgerBroken, "damage is called damage");
    return 0;
  }
  const auto again = EncodeRecord(*record);
  CAIRN_CHECK(std::ranges::equal(again, bytes), "a record has one encoding");
  LedgerBook book({});
  const bool is_charge = std::holds_alternative<Charge>(*record);
  CAIRN_CHECK(book.Apply(*record).ok() == is_charge, "an empty book takes charges and nothing else");
  return 0;
}

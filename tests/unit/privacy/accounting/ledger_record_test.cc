#include "privacy/accounting/ledger_record.h"

#include <gtest/gtest.h>

#include "tests/unit/privacy/accounting/ledger_parts.h"

namespace cairn {
namespace {

std::vector<LedgerRecord> Examples() {
  PrivacyEvent::Terms shares{.mechanism = DistributedGaussianNoise{12, 1 << 20, 1832.25, 35000},
                             .convention = {PrivacyUnit::kClient, Adjacency::kZeroOut},
                             .sensitivity = SensitivityLaw::kNominal};
  return {ChargeOf(1),
          Charge{KeyOf(2), GaussianEvent(.016, 1.5, 63)},
          Charge{KeyOf(3), PrivacyEvent::Create(shares).value()},
          Charge{KeyOf(4), PrivacyEvent::Create({.mechanism = NoNoise{}, .convention = {}}).value()},
          RevealedRecord{KeyOf(5)},
          CarriedRecord{KeyOf(6), 2}};
}

TEST(LedgerRecordTest, ComesBackAsItWasWritten) {
  for (const LedgerRecord& record : Examples()) {
    EXPECT_TRUE(DecodeRecord(EncodeRecord(record)).value() == record) << record.index();
  }
}

TEST(LedgerRecordTest, CutLengthenedOrImpossibleBytesAreRefused) {
  for (const LedgerRecord& record : Examples()) {
    std::vector<std::byte> bytes = EncodeRecord(record);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(DecodeRecord(std::span(bytes).first(size)).status().id(), errors::kPrivacyLedgerBroken);
    }
    bytes.push_back(std::byte{0});
    EXPECT_EQ(DecodeRecord(bytes).status().id(), errors::kPrivacyLedgerBroken);
  }
  std::vector<std::byte> bytes = EncodeRecord(ChargeOf(1));
  bytes[bytes.size() - 9] = std::byte{4};  // the sampling law, of a sampling rate of 1: shuffled
  EXPECT_EQ(DecodeRecord(bytes).status().id(), errors::kPrivacyLedgerBroken);
}

}  // namespace
}  // namespace cairn

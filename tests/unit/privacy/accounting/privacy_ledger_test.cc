#include "privacy/accounting/privacy_ledger.h"

#include <gtest/gtest.h>

#include <fstream>

#include "privacy/crypto/private_file.h"
#include "tests/unit/privacy/accounting/ledger_parts.h"

namespace cairn {
namespace {

class PrivacyLedgerTest : public testing::Test {
 protected:
  Result<std::unique_ptr<PrivacyLedger>> Open(double cap = 3,
                                              std::optional<LogHead> anchor = std::nullopt) const {
    return PrivacyLedger::Open(path, Domains(cap), anchor);
  }
  static double Spent(const PrivacyLedger& ledger) { return ledger.Spent("patients").value().epsilon; }
  static double EpsilonOfCharges(std::uint64_t n) { return RdpEpsilon(1, 4, n, 1e-5); }
  Bytes Read(const std::filesystem::path& file) const { return ReadPublicFile(file).value(); }
  void Write(const std::filesystem::path& file, std::span<const std::byte> bytes) const {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << AsText(bytes);
  }

  ScratchFolder folder;
  std::filesystem::path path = folder / "privacy.ledger", head_path = folder / "privacy.ledger.head";
};

TEST_F(PrivacyLedgerTest, PermitSaysWhatWasChargedAndTheBookKeepsIt) {
  auto ledger = Open().value();
  EXPECT_EQ(Spent(*ledger), 0);
  const ReleasePermit permit = ledger->Charge(ChargeOf(1)).value();
  EXPECT_EQ(permit.charge(), ChargeOf(1));
  EXPECT_DOUBLE_EQ(Spent(*ledger), EpsilonOfCharges(1));
}

TEST_F(PrivacyLedgerTest, ChargesOutliveRestartsAndJobs) {
  Open().value()->Charge(ChargeOf(1)).value();
  Charge other_job = ChargeOf(1);
  other_job.key.job = JobId{8};
  other_job.key.manifest = Sha256::Of("another");
  Open().value()->Charge(other_job).value();
  const auto ledger = Open().value();
  EXPECT_DOUBLE_EQ(Spent(*ledger), EpsilonOfCharges(2));
  EXPECT_EQ(ledger->Charges("patients"), (std::vector{ChargeOf(1), other_job}));
}

TEST_F(PrivacyLedgerTest, TheCapHoldsAlsoAfterARestartAndWhenItIsLowered) {
  std::uint64_t round = 0;
  {
    auto ledger = Open().value();
    while (ledger->Charge(ChargeOf(round + 1)).ok()) ++round;
    EXPECT_LE(EpsilonOfCharges(round), 3);
    EXPECT_GT(EpsilonOfCharges(round + 1), 3);
  }
  const auto again = Open().value()->Charge(ChargeOf(round + 1));
  EXPECT_EQ(again.status().id(), errors::kPrivacyBudget);
  const auto lowered = Open(1).value();
  EXPECT_DOUBLE_EQ(Spent(*lowered), EpsilonOfCharges(round));
  EXPECT_EQ(lowered->Charge(ChargeOf(round + 1)).status().id(), errors::kPrivacyBudget);
}

TEST_F(PrivacyLedgerTest, UndefendedReleasePassesNoCap) {
  const Charge charge{KeyOf(1), PrivacyEvent::Create({.mechanism = NoNoise{}, .convention = {}}).value()};
  auto ledger = Open(1e9).value();
  EXPECT_EQ(ledger->Charge(charge).status().id(), errors::kPrivacyBudget);
  EXPECT_EQ(Spent(*ledger), 0);
}

TEST_F(PrivacyLedgerTest, UndeclaredDomainAndOtherConventionAreRefused) {
  auto ledger = Open().value();
  EXPECT_EQ(ledger->Charge(ChargeOf(1, 1, "strangers")).status().id(), errors::kPrivacyDomain);
  EXPECT_EQ(ledger->Spent("strangers").status().id(), errors::kPrivacyDomain);
  PrivacyEvent::Terms terms = GaussianTerms(1, 4, 1);
  terms.convention.adjacency = Adjacency::kReplaceOne;
  EXPECT_EQ(ledger->Charge({KeyOf(1), PrivacyEvent::Create(terms).value()}).status().id(),
            errors::kPrivacyConvention);
  EXPECT_EQ(ledger->head().sequence, 0u);
}

TEST_F(PrivacyLedgerTest, DomainsSpendApart) {
  auto domains = Domains(3);
  domains.emplace("others", domains.at("patients"));
  auto ledger = PrivacyLedger::Open(path, domains).value();
  ledger->Charge(ChargeOf(1)).value();
  EXPECT_EQ(ledger->Spent("others").value().epsilon, 0);
}

TEST_F(PrivacyLedgerTest, ForgottenDomainIsNotForgottenWhenItComesBack) {
  Open().value()->Charge(ChargeOf(1)).value();
  ASSERT_TRUE(PrivacyLedger::Open(path, {}).ok());
  EXPECT_DOUBLE_EQ(Spent(*Open().value()), EpsilonOfCharges(1));
}

TEST_F(PrivacyLedgerTest, DomainWhoseConventionChangedIsRefusedAtTheStart) {
  Open().value()->Charge(ChargeOf(1)).value();
  auto domains = Domains(3);
  domains.at("patients").convention.unit = PrivacyUnit::kClient;
  EXPECT_EQ(PrivacyLedger::Open(path, domains).status().id(), errors::kPrivacyConvention);
}

TEST_F(PrivacyLedgerTest, SameWorkAfterACrashGoesOnUnderTheSameCharge) {
  Open().value()->Charge(ChargeOf(1)).value();
  auto ledger = Open().value();
  EXPECT_TRUE(ledger->Charge(ChargeOf(1)).ok());
  EXPECT_DOUBLE_EQ(Spent(*ledger), EpsilonOfCharges(1));
  Charge more = ChargeOf(1);
  more.event = GaussianEvent(1, 4, 2);  // other work: a charge of its own
  EXPECT_TRUE(ledger->Charge(more).ok());
  EXPECT_DOUBLE_EQ(Spent(*ledger), EpsilonOfCharges(3));
}

TEST_F(PrivacyLedgerTest, WhatWasRevealedIsNeverReleasedAgain) {
  {
    auto ledger = Open().value();
    ledger->Charge(ChargeOf(1)).value();
    ASSERT_TRUE(ledger->Reveal(KeyOf(1)).ok());
    EXPECT_EQ(ledger->Charge(ChargeOf(1)).status().id(), errors::kPrivacyRevealed);
  }
  auto ledger = Open().value();
  EXPECT_EQ(ledger->Charge(ChargeOf(1)).status().id(), errors::kPrivacyRevealed);
  EXPECT_EQ(ledger->Carry(KeyOf(1), 2).status().id(), errors::kPrivacyRevealed);
  EXPECT_TRUE(ledger->Charge(ChargeOf(1, 2)).ok());  // a new attempt, charged anew
  EXPECT_DOUBLE_EQ(Spent(*ledger), EpsilonOfCharges(2));
}

TEST_F(PrivacyLedgerTest, NewAttemptMayGoOnUnderAChargeOfWhichNothingWasRevealed) {
  {
    auto ledger = Open().value();
    ledger->Charge(ChargeOf(1)).value();
    EXPECT_EQ(ledger->Carry(KeyOf(1), 2).value().charge(), ChargeOf(1, 2));
  }
  auto ledger = Open().value();
  EXPECT_TRUE(ledger->Charge(ChargeOf(1, 2)).ok());
  EXPECT_DOUBLE_EQ(Spent(*ledger), EpsilonOfCharges(1));
  ASSERT_TRUE(ledger->Reveal(KeyOf(1, 2)).ok());  // ends it under both names
  EXPECT_EQ(ledger->Charge(ChargeOf(1)).status().id(), errors::kPrivacyRevealed);
  EXPECT_EQ(ledger->Carry(KeyOf(1), 3).status().id(), errors::kPrivacyRevealed);
}

TEST_F(PrivacyLedgerTest, AttemptWithAChargeOfItsOwnTakesNoOther) {
  auto ledger = Open().value();
  ledger->Charge(ChargeOf(1)).value();
  ledger->Charge(ChargeOf(1, 2)).value();
  EXPECT_EQ(ledger->Carry(KeyOf(1), 2).status().id(), errors::kPrivacyRevealed);
  EXPECT_EQ(ledger->Carry(KeyOf(9), 2).status().id(), errors::kPrivacyDomain);
  EXPECT_EQ(ledger->Reveal(KeyOf(9)).id(), errors::kPrivacyDomain);
}

TEST_F(PrivacyLedgerTest, AttemptTakesItsOwnChargeThenAnEarlierOneThenANewOne) {
  auto ledger = Open(100).value();
  ledger->ChargeAttempt(ChargeOf(1, 1)).value();
  ledger->ChargeAttempt(ChargeOf(1, 1)).value();
  const ReleasePermit carried = ledger->ChargeAttempt(ChargeOf(1, 2)).value();
  EXPECT_EQ(carried.charge().key, KeyOf(1, 2));
  EXPECT_EQ(ledger->Charges("patients").size(), 1u);
  ASSERT_TRUE(ledger->Reveal(KeyOf(1, 2)).ok());
  ledger->ChargeAttempt(ChargeOf(1, 3)).value();
  ledger->ChargeAttempt(ChargeOf(2, 1)).value();
  EXPECT_EQ(ledger->Charges("patients").size(), 3u);
}

TEST_F(PrivacyLedgerTest, SameAttemptMayBeSentAgainAndNoOtherUnderItsCharge) {
  {
    auto ledger = Open().value();
    ledger->ChargeAttempt(ChargeOf(1, 1)).value();
    ledger->ChargeAttempt(ChargeOf(1, 2)).value();
    ASSERT_TRUE(ledger->Reveal(KeyOf(1, 1)).ok());
    const LogHead head = ledger->head();
    EXPECT_TRUE(ledger->Reveal(KeyOf(1, 1)).ok());
    EXPECT_EQ(ledger->head(), head);  // said before
    EXPECT_EQ(ledger->Reveal(KeyOf(1, 2)).id(), errors::kPrivacyRevealed);
  }
  EXPECT_EQ(Open().value()->Reveal(KeyOf(1, 2)).id(), errors::kPrivacyRevealed);
}

TEST_F(PrivacyLedgerTest, NextReleaseIsWeighedWithoutARecord) {
  auto ledger = Open(EpsilonOfCharges(1)).value();
  EXPECT_TRUE(ledger->book().WeighNext(ChargeOf(9)).ok());
  ledger->ChargeAttempt(ChargeOf(1)).value();
  EXPECT_TRUE(ledger->book().WeighNext(ChargeOf(9)).ok());  // one is paid for
  ASSERT_TRUE(ledger->Reveal(KeyOf(1)).ok());
  EXPECT_EQ(ledger->book().WeighNext(ChargeOf(9)).id(), errors::kPrivacyBudget);
}

TEST_F(PrivacyLedgerTest, LedgerInMemoryCountsAlikeAndLeavesNoFile) {
  const auto ledger = PrivacyLedger::InMemory(Domains(3));
  ledger->Charge(ChargeOf(1)).value();
  EXPECT_DOUBLE_EQ(Spent(*ledger), EpsilonOfCharges(1));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(PrivacyLedgerTest, SecondProcessIsRefused) {
  const auto ledger = Open().value();
  EXPECT_EQ(Open().status().id(), errors::kStorageLocked);
}

TEST_F(PrivacyLedgerTest, EveryFlippedByteIsFoundByVerify) {
  LogHead head;
  {
    auto ledger = Open().value();
    for (std::uint64_t round = 1; round <= 3; ++round) ledger->Charge(ChargeOf(round)).value();
    ASSERT_TRUE(ledger->Reveal(KeyOf(2)).ok());
    head = ledger->head();
  }
  ASSERT_EQ(PrivacyLedger::Verify(path).value(), head);
  const Bytes good = Read(path);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int mask : {0x01, 0x80, 0xff}) {
      Bytes bad = good;
      bad[i] ^= static_cast<std::byte>(mask);
      Write(path, bad);
      ASSERT_EQ(PrivacyLedger::Verify(path).status().id(), errors::kPrivacyLedgerBroken) << "byte " << i;
      if (mask != 0x80) continue;
      ASSERT_EQ(Open().status().id(), errors::kPrivacyLedgerBroken) << "byte " << i;
    }
  }
  Write(path, good);
  // Of the two slots beside it one is needed: a flip is found, or changes nothing.
  const Bytes heads = Read(head_path);
  for (std::size_t i = 0; i < heads.size(); ++i) {
    Bytes bad = heads;
    bad[i] ^= std::byte{0x10};
    Write(head_path, bad);
    const auto verified = PrivacyLedger::Verify(path);
    if (verified.ok()) {
      ASSERT_EQ(*verified, head);
    } else {
      ASSERT_EQ(verified.status().id(), errors::kPrivacyLedgerBroken);
    }
  }
}

TEST_F(PrivacyLedgerTest, TruncatedOrMissingLedgerIsRefused) {
  Open().value()->Charge(ChargeOf(1)).value();
  const Bytes good = Read(path);
  for (std::size_t size = 0; size < good.size(); ++size) {
    Write(path, std::span(good).first(size));
    ASSERT_EQ(Open().status().id(), errors::kPrivacyLedgerBroken) << size;
  }
  std::filesystem::remove(path);
  EXPECT_EQ(Open().status().id(), errors::kPrivacyLedgerBroken);
}

TEST_F(PrivacyLedgerTest, WholeOldCopyIsRefusedByTheHeadSeenElsewhere) {
  Open().value()->Charge(ChargeOf(1)).value();
  const Bytes old_log = Read(path), old_heads = Read(head_path);
  LogHead seen;
  {
    auto ledger = Open().value();
    ledger->Charge(ChargeOf(2)).value();
    seen = ledger->head();
  }
  EXPECT_TRUE(Open(3, seen).ok());
  Write(path, old_log);
  EXPECT_EQ(Open(3, seen).status().id(), errors::kPrivacyLedgerBroken);  // its own head file is newer
  Write(head_path, old_heads);
  EXPECT_TRUE(Open().ok());  // nothing here can tell
  EXPECT_EQ(Open(3, seen).status().id(), errors::kPrivacyLedgerBroken);
  EXPECT_EQ(PrivacyLedger::Verify(path, seen).status().id(), errors::kPrivacyLedgerBroken);
}

}  // namespace
}  // namespace cairn

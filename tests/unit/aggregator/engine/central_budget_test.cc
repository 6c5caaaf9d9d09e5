#include "aggregator/engine/central_budget.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "protocol/messages/client_noise.h"

namespace cairn {
namespace {

constexpr PrivacyConvention kClients{PrivacyUnit::kClient, Adjacency::kZeroOut};

PrivacyEvent Event(double noise_multiplier = 2) {
  return *PrivacyEvent::Create(
      {.mechanism = GaussianNoise{.noise_multiplier = noise_multiplier}, .convention = kClients});
}

JobManifest Job(PrivacyTerms::Mechanism mechanism) {
  JobManifest manifest;
  manifest.digest = std::string(64, 'a');
  PrivacyTerms& terms = manifest.spec.privacy.emplace();
  terms.unit = PrivacyUnit::kClient;
  terms.mechanism = mechanism;
  return manifest;
}

class CentralBudgetTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(path_.parent_path());
    std::filesystem::create_directories(path_.parent_path());
  }
  // With room for that many of Event().
  CentralBudget Open(std::uint32_t releases) const {
    PrivacyEvent::Terms terms = Event().terms();
    terms.steps = releases;
    const auto account = NewRdpAccountant(kClients);
    EXPECT_TRUE(account->Compose(*PrivacyEvent::Create(terms)).ok());
    const DomainTerms domain{account->EpsilonFor(*Delta::Create(1e-4)), kClients, AccountantKind::kRdp};
    return CentralBudget({1000, domain}, PrivacyLedger::Open(path_, {{CentralBudget::kDomain, domain}}));
  }
  static Result<CentralRelease> Charge(CentralBudget& budget, std::uint64_t round,
                                       std::uint32_t attempt = 1) {
    return budget.Charge(Job(PrivacyTerms::Mechanism::kCentral), {JobId{1}, RoundId{round}, attempt}, Event(),
                         NoiseBits::FromSystem());
  }

  const std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) / "central_budget" / "privacy.ledger";
  const JobManifest job_ = Job(PrivacyTerms::Mechanism::kCentral);
};

TEST_F(CentralBudgetTest, EndsWithItsCapAndARestartKnows) {
  {
    CentralBudget budget = Open(2);
    EXPECT_TRUE(Charge(budget, 1).ok());
    EXPECT_TRUE(budget.Reveal(job_, {JobId{1}, RoundId{1}, 1}).ok());
    EXPECT_TRUE(Charge(budget, 2).ok());
    EXPECT_TRUE(budget.Reveal(job_, {JobId{1}, RoundId{2}, 1}).ok());
    EXPECT_EQ(Charge(budget, 3).status().id(), errors::kPrivacyBudget);
  }
  EXPECT_EQ(Open(2).Weigh(job_.spec, Event()).id(), errors::kPrivacyBudget);
}

// The sum of a failed attempt was read by nobody but this process.
TEST_F(CentralBudgetTest, AnAttemptThatNobodyHeardOfIsPaidForOnce) {
  CentralBudget budget = Open(1);
  EXPECT_TRUE(Charge(budget, 1, 1).ok());
  EXPECT_TRUE(Charge(budget, 1, 2).ok());
  EXPECT_TRUE(budget.Reveal(job_, {JobId{1}, RoundId{1}, 2}).ok());
  EXPECT_EQ(Charge(budget, 1, 3).status().id(), errors::kPrivacyBudget);
}

TEST_F(CentralBudgetTest, AggregatorWithoutOneRefusesOnlyJobsThatAskItForNoise) {
  const CentralBudget none;
  EXPECT_EQ(none.Weigh(job_.spec, Event()).id(), errors::kPrivacyDomain);
  EXPECT_TRUE(none.Weigh(Job(PrivacyTerms::Mechanism::kDistributed).spec, Event()).ok());
  EXPECT_TRUE(none.Weigh(JobSpec(), Event()).ok());
}

TEST_F(CentralBudgetTest, DeltaOfTheJobIsHeldToTheNumberOfClients) {
  JobSpec spec = job_.spec;
  spec.privacy->delta = 0.01;
  EXPECT_EQ(Open(2).Weigh(spec, Event()).id(), errors::kPrivacyDelta);
}

TEST_F(CentralBudgetTest, DamagedLedgerRefuses) {
  {
    CentralBudget budget = Open(2);
    ASSERT_TRUE(Charge(budget, 1).ok());
  }
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 1);
  EXPECT_EQ(Open(2).Weigh(job_.spec, Event()).id(), errors::kPrivacyLedgerBroken);
}

}  // namespace
}  // namespace cairn

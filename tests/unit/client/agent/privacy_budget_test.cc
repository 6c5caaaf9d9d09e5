#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/client/agent/driver_world.h"
#include "tests/unit/privacy/crypto/scratch_folder.h"

// A driver with a ledger on disk: what is charged, what leaves, and what a restart still knows.

namespace cairn {
namespace {

class PrivacyBudgetTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kRoundsThatFit = 2;

  PrivacyDesk Open() const {
    return PrivacyDesk::Open(folder / "privacy.ledger", DomainsFor(kRoundsThatFit));
  }
  static nlohmann::json Ask(DriverWorld& world, const char* command, const std::string& job = {}) {
    const nlohmann::json request = {{"command", command}, {"job", job}};
    return nlohmann::json::parse(world.driver.HandleAdmin(request.dump(), "uid 1"));
  }
  static void DoRound(DriverWorld& world, RoundKey key) {
    world.Plan(key);
    world.FinishWork();
    world.Hear(RoundClosed{key, true});
  }
  static double Spent(const PrivacyDesk& desk) { return desk.Spent("patients")->epsilon; }

  ScratchFolder folder;
};

TEST_F(PrivacyBudgetTest, WorkerIsAskedOnlyWhenTheChargeIsOnDisk) {
  PrivacyDesk desk = Open();
  DriverWorld world(std::make_shared<DriverWorld::Memory>(), DriverWorld::Willing(), &desk);
  world.TakePart(PrivateTerms());
  world.Plan(KeyOf(1));
  ASSERT_EQ(world.worker.started.size(), 1u);
  EXPECT_TRUE(world.worker.started[0].privacy.has_value());
  EXPECT_EQ(PrivacyLedger::Verify(folder / "privacy.ledger")->sequence, 1u);
}

TEST_F(PrivacyBudgetTest, LaterAttemptGoesOnUnderTheChargeAsLongAsNothingLeft) {
  PrivacyDesk desk = Open();
  DriverWorld world(std::make_shared<DriverWorld::Memory>(), DriverWorld::Willing(), &desk);
  world.TakePart(PrivateTerms());
  world.Plan(KeyOf(1, 1));
  const double once = Spent(desk);
  world.Hear(RoundClosed{KeyOf(1, 1), false});
  world.FinishWork();
  world.Plan(KeyOf(1, 2));
  EXPECT_EQ(world.worker.started.size(), 2u);
  EXPECT_EQ(Spent(desk), once);
  world.FinishWork();
  EXPECT_EQ(world.channel.Last<Report>()->key, KeyOf(1, 2));
}

TEST_F(PrivacyBudgetTest, AttemptAfterAnUpdateWasSentIsChargedAnew) {
  PrivacyDesk desk = Open();
  DriverWorld world(std::make_shared<DriverWorld::Memory>(), DriverWorld::Willing(), &desk);
  world.TakePart(PrivateTerms());
  world.Plan(KeyOf(1, 1));
  const double once = Spent(desk);
  world.FinishWork();
  world.Hear(RoundClosed{KeyOf(1, 1), false});
  world.Plan(KeyOf(1, 2));
  EXPECT_GT(Spent(desk), once);
}

TEST_F(PrivacyBudgetTest, CrashInTrainingCostsNothingMore) {
  {
    PrivacyDesk desk = Open();
    DriverWorld world(std::make_shared<DriverWorld::Memory>(), DriverWorld::Willing(), &desk);
    world.TakePart(PrivateTerms());
    DoRound(world, KeyOf(1));
    world.Plan(KeyOf(2));  // the last one that fits, and the process ends here
  }
  PrivacyDesk desk = Open();
  DriverWorld world(std::make_shared<DriverWorld::Memory>(), DriverWorld::Willing(), &desk);
  world.TakePart(PrivateTerms());
  const double spent = Spent(desk);
  world.Plan(KeyOf(2));
  world.FinishWork();
  ASSERT_NE(world.channel.Last<Report>(), nullptr);
  EXPECT_EQ(Spent(desk), spent);
}

TEST_F(PrivacyBudgetTest, CapReachedInTheMiddleEndsTheSitesPartAndIsToldWhy) {
  PrivacyDesk desk = Open();
  DriverWorld world(std::make_shared<DriverWorld::Memory>(), DriverWorld::Willing(), &desk);
  world.TakePart(PrivateTerms());
  DoRound(world, KeyOf(1));
  DoRound(world, KeyOf(2));
  world.Plan(KeyOf(3));
  EXPECT_EQ(world.worker.started.size(), kRoundsThatFit);
  ASSERT_NE(world.channel.Last<RoundDecline>(), nullptr);
  EXPECT_EQ(world.channel.Last<RoundDecline>()->reason_id, errors::kPrivacyBudget.value);
  EXPECT_EQ(world.channel.Last<JobReply>()->answer, JobAnswer::kDecline);
  const auto jobs = Ask(world, "jobs").at("data").at("jobs");
  EXPECT_EQ(jobs.at(0).at("reason"), "CAIRN-6206");
  EXPECT_EQ(jobs.at(0).at("privacy").at("rounds_left"), 0);
  const auto domain = Ask(world, "status").at("data").at("privacy").at("domains").at(0);
  EXPECT_NEAR(domain.at("spent").get<double>(), domain.at("cap").get<double>(), 1e-9);
}

TEST_F(PrivacyBudgetTest, RestartedSiteStillKnowsThatItsBudgetIsSpent) {
  {
    PrivacyDesk desk = Open();
    DriverWorld world(std::make_shared<DriverWorld::Memory>(), DriverWorld::Willing(), &desk);
    world.TakePart(PrivateTerms());
    DoRound(world, KeyOf(1));
    DoRound(world, KeyOf(2));
  }
  PrivacyDesk desk = Open();
  DriverWorld world(std::make_shared<DriverWorld::Memory>(), DriverWorld::Willing(), &desk);
  world.TakePart(PrivateTerms());
  EXPECT_EQ(world.channel.Last<JobReply>()->answer, JobAnswer::kDecline);
  EXPECT_EQ(world.channel.Last<JobReply>()->reason_id, errors::kPrivacyBudget.value);
}

TEST_F(PrivacyBudgetTest, ApprovalThatTheLedgerWouldNotHonourIsRefused) {
  PrivacyDesk desk = Open();
  AgentDriverConfig config = DriverWorld::Willing();
  config.client.policy.approval = ApprovalMode::kManual;
  DriverWorld world(std::make_shared<DriverWorld::Memory>(), std::move(config), &desk);
  world.TakePart(PrivateTerms());
  EXPECT_EQ(Ask(world, "jobs").at("data").at("jobs").at(0).at("privacy").at("rounds_left"), kRoundsThatFit);
  EXPECT_EQ(Ask(world, "approve", "1").at("status"), "ok");
  DoRound(world, KeyOf(1));
  DoRound(world, KeyOf(2));
  world.Plan(KeyOf(3));
  const auto again = Ask(world, "approve", "1");
  EXPECT_EQ(again.at("error").at("id"), "CAIRN-6206");
}

TEST_F(PrivacyBudgetTest, UpdateStaysWhereItsChargeCannotBeMarkedAsRevealed) {
  PrivacyDesk desk = Open();
  DriverWorld world(std::make_shared<DriverWorld::Memory>(), DriverWorld::Willing(), &desk);
  world.TakePart(PrivateTerms());
  world.Plan(KeyOf(1));
  desk = PrivacyDesk(DomainsFor(kRoundsThatFit), Status(errors::kStorageFull, "the disk is full"));
  world.FinishWork();
  EXPECT_EQ(world.channel.Last<Report>(), nullptr);
  EXPECT_EQ(world.channel.Last<RoundDecline>()->reason_id, errors::kStorageFull.value);
}

}  // namespace
}  // namespace cairn

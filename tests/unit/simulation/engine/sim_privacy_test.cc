#include "simulation/engine/sim_privacy.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/simulation/engine/sim_fixture.h"

namespace cairn {
namespace {

class SimPrivacyTest : public SimDriverTest {
 protected:
  SimPrivacyTest() {
    spec_.privacy.emplace();
    spec_.strategy.weight_by_examples = false;
    spec_.evaluate.federated = false;
  }
  JobManifest Manifest() const {
    JobManifest manifest;
    manifest.spec = spec_;
    manifest.digest = ComputeDigest(manifest);
    return manifest;
  }
  static std::optional<SimPrivacySpent> Spent(const std::vector<std::unique_ptr<PrivacyDesk>>& desks) {
    std::vector<const PrivacyDesk*> raw;
    for (const auto& desk : desks) raw.push_back(desk.get());
    return SpentOf(raw);
  }
};

TEST_F(SimPrivacyTest, PopulationOfAClientIsItsTrainingRowsAndThereIsNoCap) {
  const auto clients = Clients(3);
  const auto desks = MakePrivacyDesks(Manifest(), clients).value();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const PrivacyDomain& domain = desks[i]->domains().front();
    EXPECT_EQ(domain.population, clients[i].train->size());
    EXPECT_EQ(domain.terms.cap.epsilon, std::numeric_limits<double>::infinity());
  }
}

TEST_F(SimPrivacyTest, LargestAndSumAreToldOfWhatTheSitesHaveSpent) {
  const JobManifest manifest = Manifest();
  const auto desks = MakePrivacyDesks(manifest, Clients(3)).value();
  EXPECT_EQ(Spent(desks)->sum_epsilon, 0);
  double largest = 0, sum = 0;
  for (const auto& desk : desks) {
    const RoundKey key{JobId{1}, RoundId{1}, 1};
    ASSERT_TRUE(desk->Charge(desk->PriceOf(manifest)->For(manifest, key)).ok());
    const double epsilon = desk->Spent("rows")->epsilon;
    largest = std::max(largest, epsilon);
    sum += epsilon;
  }
  EXPECT_GT(largest, 0);
  EXPECT_EQ(Spent(desks)->max_epsilon, largest);
  EXPECT_EQ(Spent(desks)->sum_epsilon, sum);
}

TEST_F(SimPrivacyTest, LotLargerThanAClientIsRefusedBeforeAnythingRuns) {
  spec_.train.batch = 1000;
  const auto driver = Create({.lanes = 1});
  EXPECT_EQ(driver.status().id(), errors::kPrivacySampling);
}

TEST_F(SimPrivacyTest, JobWithoutTermsHasNoAccount) {
  spec_.privacy.reset();
  EXPECT_FALSE(Create({.lanes = 1}).value()->privacy_spent().has_value());
}

TEST_F(SimPrivacyTest, EveryRoundOfAPrivateJobIsChargedAtEverySite) {
  Collect collect;
  auto driver = Create({.lanes = 2}).value();
  const auto end = driver->Run(collect, {});
  ASSERT_TRUE(end.ok()) << end.status().ToString();
  ASSERT_EQ(end->outcome, JobOutcome::kFinished) << end->reason;
  const JobManifest manifest = Manifest();
  double largest = 0;
  for (const SimClient& client : Clients(9)) {
    const auto event = PrivateRoundOf(spec_, client.train->size())->event;
    const auto account = NewRdpAccountant(event.convention());
    for (std::uint32_t round = 0; round < spec_.strategy.rounds; ++round)
      ASSERT_TRUE(account->Compose(event).ok());
    largest =
        std::max(largest, account->EpsilonFor(Delta::Create(driver->privacy_spent()->delta).value()).epsilon);
  }
  EXPECT_DOUBLE_EQ(driver->privacy_spent()->max_epsilon, largest);
}

}  // namespace
}  // namespace cairn

// Four real agents in a private job, one of them with a budget for two of its rounds: it stops there, says so
// where people look, and the federation goes on without it; its ledger knows after a restart.
#include <gtest/gtest.h>

#include <cstdio>

#include "privacy/accounting/privacy_ledger.h"
#include "protocol/messages/private_round.h"
#include "tests/integration/federation/federation.h"

namespace cairn::testing_processes {
namespace {

using nlohmann::json;

constexpr std::size_t kFour = 4, kPoor = 0;
constexpr std::uint64_t kPopulation = 800;
constexpr std::uint32_t kLot = 40, kSteps = 5, kRounds = 5, kRoundsThatFit = 2;

// What two rounds of the job cost, as the site's own accountant adds them up.
double CapForTwoRounds() {
  JobSpec spec;
  spec.privacy.emplace();
  spec.train.batch = kLot;
  spec.train.steps = kSteps;
  const PrivacyEvent event = PrivateRoundOf(spec, kPopulation)->event;
  const auto account = NewRdpAccountant(event.convention());
  for (std::uint32_t i = 0; i < kRoundsThatFit; ++i) EXPECT_TRUE(account->Compose(event).ok());
  return account->EpsilonFor(Delta::DefaultFor(kPopulation).value()).epsilon + 1e-9;
}

class PrivacyBudgetProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HavePrograms()) GTEST_SKIP() << "CAIRN_BIN_DIR holds no cairn and cairn-worker";
    job_.train =
        "{ loss = \"cross_entropy\", steps = 5, batch = 40, optimizer = { name = \"sgd\", lr = 0.05 } }";
    job_.strategy = "name = \"fedavg\", rounds = " + std::to_string(kRounds);
    job_.cohort = R"(min = 3, target = "all", min_reports = 3)";
    job_.evaluate = R"({ where = [] })";
    job_.privacy = "{ noise_multiplier = 1.0, clip = 1.0 }";
    for (std::size_t i = 0; i < kFour; ++i) Budget(i, i == kPoor ? CapForTwoRounds() : 1000);
  }

  void Budget(std::size_t site, double cap) {
    char terms[256];
    std::snprintf(terms, sizeof terms,
                  "secagg = \"required\"\n[privacy.domain.patients]\ndatasets = [\"rows\"]\npopulation = "
                  "%llu\nepsilon = %.17g\n",
                  static_cast<unsigned long long>(kPopulation), cap);
    federation_.Configure(
        site,
        "reader = \"made-blobs\"\nfeatures = 48\nclasses = 4\nseed = 3\nrows = 1000\nfirst_row = " +
            std::to_string(1000 * site) + "\n",
        terms);
  }

  // All have joined before the job is there, so that the poor site is in its first rounds.
  void StartAndSubmit() {
    federation_.StartAll();
    for (std::size_t i = 0; i < kFour; ++i) {
      ASSERT_TRUE(Await([&] {
        return federation_.aggregator_log().find("joined site=" + SiteName(i)) != std::string::npos;
      })) << federation_.Logs();
    }
    ASSERT_EQ(federation_.TrySubmit(job_).exit_code, 0);
  }
  Outcome AtThePoorSite(std::vector<std::string> words) const {
    words.insert(words.end(), {"--dir", federation_.site_folder(kPoor).string()});
    return federation_.Command(std::move(words));
  }
  static std::size_t Reports(const json& job, std::size_t round) {
    return job.at("history").at(round).at("reported").get<std::size_t>();
  }

  static std::size_t Count(const std::string& text, std::string_view words) {
    std::size_t count = 0;
    for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
    return count;
  }

  Federation federation_{kFour};
  JobText job_;
};

TEST_F(PrivacyBudgetProcessTest, SiteWhoseCapIsReachedStopsAndTheFederationGoesOnWithoutIt) {
  StartAndSubmit();
  if (HasFatalFailure()) return;
  const json ended = federation_.AwaitEnd();
  ASSERT_TRUE(ended.is_object());
  ASSERT_EQ(ended.value("outcome", ""), "finished") << ended.dump(1) << federation_.Logs();
  ASSERT_EQ(ended.at("history").size(), kRounds);
  // The first round begins with whichever three said yes first.
  for (std::size_t round = 0; round < kRounds; ++round) {
    EXPECT_GE(Reports(ended, round), kFour - 1) << federation_.Logs();
    if (round > kRoundsThatFit) {
      EXPECT_EQ(Reports(ended, round), kFour - 1) << federation_.Logs();
    }
  }
  EXPECT_EQ(Count(federation_.site_log(kPoor), "report_sealed"), kRoundsThatFit)
      << federation_.site_log(kPoor);

  // The site says why, with its numbers; the aggregator heard the id and none of them.
  EXPECT_NE(federation_.site_log(kPoor).find("CAIRN-6206"), std::string::npos) << federation_.site_log(kPoor);
  EXPECT_NE(federation_.aggregator_log().find("CAIRN-6206"), std::string::npos)
      << federation_.aggregator_log();
  EXPECT_EQ(federation_.aggregator_log().find("would come to"), std::string::npos);
  const Outcome status = AtThePoorSite({"client", "status"});
  EXPECT_NE(status.out.find("patients  ε "), std::string::npos) << status.out << status.err;
  EXPECT_NE(status.out.find("800 patients"), std::string::npos) << status.out;
  const Outcome audit = AtThePoorSite({"client", "audit", "verify"});
  EXPECT_EQ(audit.exit_code, 0) << audit.err;
  EXPECT_NE(audit.out.find("ledger  4 records"), std::string::npos)
      << audit.out;  // two charges, two sendings

  // After a restart the ledger still knows: another job is declined at once.
  EXPECT_EQ(federation_.site(kPoor).Terminate(), 0) << federation_.site_log(kPoor);
  federation_.StartSite(kPoor);
  job_.name = "again";
  job_.strategy = "name = \"fedavg\", rounds = 1";
  ASSERT_EQ(federation_.TrySubmit(job_).exit_code, 0);
  const json again = federation_.AwaitEnd();
  ASSERT_TRUE(again.is_object());
  EXPECT_EQ(Reports(again, 0), kFour - 1) << federation_.Logs();
  const Outcome jobs = AtThePoorSite({"client", "jobs", "approve", "again"});
  EXPECT_TRUE(jobs.exit_code == 8 || jobs.exit_code == 6) << jobs.out << jobs.err;  // refused, or over by now
}

TEST_F(PrivacyBudgetProcessTest, SiteWithADamagedLedgerTakesNoPartAndSaysSo) {
  StartAndSubmit();
  if (HasFatalFailure()) return;
  ASSERT_TRUE(federation_.AwaitEnd().is_object());
  EXPECT_EQ(federation_.site(kPoor).Terminate(), 0);
  const auto ledger = federation_.site_folder(kPoor) / "state" / "privacy.ledger";
  std::filesystem::resize_file(ledger, std::filesystem::file_size(ledger) - 1);
  federation_.StartSite(kPoor);
  ASSERT_TRUE(Await([&] { return federation_.site_log(kPoor).find("CAIRN-6205") != std::string::npos; }))
      << federation_.site_log(kPoor);
  EXPECT_EQ(AtThePoorSite({"client", "audit", "verify"}).exit_code, 8);
}

}  // namespace
}  // namespace cairn::testing_processes

// Jobs that protect whole clients, with real processes: noise inside the masks, charged at each site; and
// noise of the aggregator's, charged there too, until its budget is spent.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "privacy/accounting/accountant.h"
#include "tests/integration/federation/federation.h"

namespace cairn::testing_processes {
namespace {

using nlohmann::json;

constexpr std::size_t kFour = 4;
constexpr std::uint32_t kRounds = 4, kRoundsThatFit = 2;

double CostOf(std::uint32_t rounds, double noise_multiplier) {
  PrivacyEvent::Terms terms;
  terms.mechanism = GaussianNoise{.noise_multiplier = noise_multiplier};
  terms.convention = {PrivacyUnit::kClient, Adjacency::kZeroOut};
  terms.steps = rounds;
  const auto account = NewRdpAccountant(terms.convention);
  EXPECT_TRUE(account->Compose(*PrivacyEvent::Create(terms)).ok());
  return account->EpsilonFor(Delta::DefaultFor(kFour).value()).epsilon;
}

class ClientPrivacyProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HavePrograms()) GTEST_SKIP() << "CAIRN_BIN_DIR holds no cairn and cairn-worker";
    job_.train =
        "{ loss = \"cross_entropy\", steps = 5, batch = 40, optimizer = { name = \"sgd\", lr = 0.05 } }";
    job_.strategy = "name = \"fedavg\", rounds = " + std::to_string(kRounds);
    job_.cohort = R"(min = 4, target = "all", min_reports = 4)";
    job_.evaluate = R"({ where = [] })";
    for (std::size_t i = 0; i < kFour; ++i) {
      federation_.Configure(i, BlobKeys(i),
                            "secagg = \"required\"\n[privacy.domain.us]\nunit = \"client\"\ndatasets = "
                            "[\"rows\"]\npopulation = 4\nepsilon = 1000\n");
    }
  }

  void GiveTheAggregatorABudget(double epsilon) {
    char terms[128];
    std::snprintf(terms, sizeof terms, "[privacy]\nclients = 4\nepsilon = %.17g\n", epsilon);
    std::ofstream(federation_.aggregator_folder() / "aggregator.toml", std::ios::app) << terms;
  }
  Outcome AtSite(std::size_t site, std::vector<std::string> words) const {
    words.insert(words.end(), {"--dir", federation_.site_folder(site).string()});
    return federation_.Command(std::move(words));
  }
  Outcome AtTheAggregator(std::vector<std::string> words) const {
    words.insert(words.end(), {"--dir", federation_.aggregator_folder().string()});
    return federation_.Command(std::move(words));
  }

  Federation federation_{kFour};
  JobText job_;
};

TEST_F(ClientPrivacyProcessTest, EachSiteAddsItsNoiseInsideTheMaskAndChargesItself) {
  job_.privacy = R"({ unit = "client", noise_multiplier = 2.0, clip_quantile = 0.5 })";
  federation_.StartAll();
  federation_.Submit(job_);
  const json ended = federation_.AwaitEnd();
  ASSERT_TRUE(ended.is_object());
  ASSERT_EQ(ended.value("outcome", ""), "finished") << ended.dump(1) << federation_.Logs();
  EXPECT_EQ(ended.at("history").size(), kRounds);
  EXPECT_EQ(ended.at("privacy").at("mechanism"), "distributed");
  for (std::size_t site = 0; site < kFour; ++site) {
    const Outcome status = AtSite(site, {"client", "status", "--format", "json"});
    const json domain = json::parse(status.out).at("data").at("status").at("privacy").at("domains").at(0);
    EXPECT_NEAR(domain.at("spent").get<double>(), CostOf(kRounds, 2.0), 1e-6) << status.out;
    EXPECT_NE(AtSite(site, {"client", "audit", "verify"}).out.find("ledger  8 records"), std::string::npos);
  }
  const Outcome inspected = AtTheAggregator({"round", "inspect", "test", "1"});
  EXPECT_NE(inspected.out.find("differential privacy of each client, distributed"), std::string::npos)
      << inspected.out << inspected.err;
}

TEST_F(ClientPrivacyProcessTest, SiteWithoutABudgetForItselfTakesNoPart) {
  federation_.Configure(0, BlobKeys(0), "secagg = \"required\"\n");
  job_.privacy = R"({ unit = "client" })";
  federation_.StartAll();
  federation_.Submit(job_);
  ASSERT_TRUE(Await([&] { return federation_.site_log(0).find("CAIRN-6208") != std::string::npos; }))
      << federation_.Logs();
  const Outcome jobs = AtSite(0, {"client", "jobs", "ls"});
  EXPECT_NE(jobs.out.find("unit = \"client\""), std::string::npos) << jobs.out << jobs.err;
}

TEST_F(ClientPrivacyProcessTest, AggregatorWithoutABudgetIsNotAskedForNoise) {
  job_.privacy = R"({ unit = "client", mechanism = "central", noise_multiplier = 2.0 })";
  federation_.StartAll();
  const Outcome refused = federation_.TrySubmit(job_);
  EXPECT_EQ(refused.exit_code, 8) << refused.out << refused.err;
  EXPECT_NE(refused.err.find("CAIRN-6208"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("distributed"), std::string::npos) << refused.err;  // the mend
}

TEST_F(ClientPrivacyProcessTest, JobEndsWhenTheAggregatorsBudgetIsSpentAndARestartKnows) {
  GiveTheAggregatorABudget(CostOf(kRoundsThatFit, 2.0) + 1e-9);
  job_.privacy = R"({ unit = "client", mechanism = "central", noise_multiplier = 2.0 })";
  federation_.StartAll();
  federation_.Submit(job_);
  const json ended = federation_.AwaitEnd();
  ASSERT_TRUE(ended.is_object());
  EXPECT_EQ(ended.value("outcome", ""), "failed") << ended.dump(1) << federation_.Logs();
  EXPECT_EQ(ended.value("reason_id", 0), 6206) << ended.dump(1);
  EXPECT_EQ(ended.at("history").size(), kRoundsThatFit);
  EXPECT_NEAR(ended.at("privacy").at("budget").at("spent").get<double>(), CostOf(kRoundsThatFit, 2.0), 1e-6);
  EXPECT_NE(AtTheAggregator({"job", "show", "test"}).out.find("budget    ε "), std::string::npos);

  EXPECT_EQ(federation_.aggregator().Terminate(), 0) << federation_.aggregator_log();
  federation_.StartAggregator();
  job_.name = "again";
  const Outcome again = federation_.TrySubmit(job_);
  EXPECT_EQ(again.exit_code, 8) << again.out << again.err;
  EXPECT_NE(again.err.find("CAIRN-6206"), std::string::npos) << again.err;
}

}  // namespace
}  // namespace cairn::testing_processes

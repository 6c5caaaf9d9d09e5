// Nine real agents in three groups: the aggregator dies in a round of them and goes on, and tells afterwards
// whose sums it read.
#include <gtest/gtest.h>

#include "tests/integration/federation/federation.h"

namespace cairn::testing_processes {
namespace {

constexpr std::size_t kNine = 9;
constexpr const char* kGroupedOk = "secagg = \"grouped-ok\"\n";

class GroupedTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HavePrograms()) GTEST_SKIP() << "CAIRN_BIN_DIR holds no cairn and cairn-worker";
    job_.secagg = R"({ mode = "grouped", group_size = 3, rule = "median" })";
    job_.cohort = R"(target = "all")";
    job_.strategy = R"(name = "fedavg", rounds = 2)";
    for (std::size_t i = 0; i < kNine; ++i) federation_.Configure(i, BlobKeys(i), kGroupedOk);
  }

  JobText job_;
  Federation federation_{kNine};
};

TEST_F(GroupedTest, ARestartedAggregatorEndsTheJobAndShowsItsGroups) {
  federation_.StartAll();
  federation_.Submit(job_);
  ASSERT_TRUE(Await([&] {
    return federation_.site_log(0).find("keys_advertised job=1 round=2") != std::string::npos;
  })) << federation_.Logs();
  federation_.aggregator().Kill();
  federation_.StartAggregator();
  const auto ended = federation_.AwaitEnd();
  EXPECT_EQ(ended.value("outcome", ""), "finished") << federation_.Logs();
  EXPECT_EQ(federation_.LastReports(), kNine);
  for (std::size_t i = 0; i < kNine; ++i)
    EXPECT_NE(federation_.site_log(i).find("group_sums_are_readable"), std::string::npos) << SiteName(i);

  const Outcome told = federation_.Command(
      {"round", "inspect", "test", "2", "--dir", federation_.aggregator_folder().string()});
  EXPECT_EQ(told.exit_code, 0) << told.err;
  for (const char* words : {"group 1 ", "group 2 ", "group 3 ", "the sum over each group's survivors"})
    EXPECT_NE(told.out.find(words), std::string::npos) << words << "\n" << told.out;
  EXPECT_EQ(told.out.find("not summed"), std::string::npos) << told.out;
}

TEST_F(GroupedTest, ASiteThatDidNotSaySoDeclines) {
  federation_.Configure(4, BlobKeys(4), "secagg = \"plain-ok\"\n");
  federation_.StartAll();
  federation_.Submit(job_);
  EXPECT_TRUE(Await([&] { return federation_.aggregator_log().find("CAIRN-3221") != std::string::npos; }))
      << federation_.Logs();
}

TEST_F(GroupedTest, TooFewSitesForThreeGroupsAreRefusedAtOnce) {
  job_.secagg = R"({ mode = "grouped", group_size = 4, rule = "median" })";
  federation_.StartAggregator();
  const Outcome refused = federation_.TrySubmit(job_);
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_NE((refused.out + refused.err).find("2 groups of the 9 sites"), std::string::npos)
      << refused.out << refused.err;
}

}  // namespace
}  // namespace cairn::testing_processes

#include "simulation/engine/experiment.h"

#include <gtest/gtest.h>

#include <string>

namespace cairn {
namespace {

Result<ExperimentConfig> Parse(const std::string& population) {
  const std::string toml = R"(schema = 1
name = "blobs"
model = { arch = "linear", hyper = { inputs = 4, outputs = 2 }, init = "seed:1" }
data = { dataset = "blobs" }
strategy = { name = "fedavg", rounds = 1, cohort = { min = 5, min_reports = 3 } }
evaluate = { where = [] }
population = { clients = 5)" +
                           population +
                           R"( }
[dataset.blobs]
reader = "made-blobs"
rows = 100
features = 4
classes = 2
)";
  const auto document = ConfigDocument::Parse(toml, "test");
  EXPECT_TRUE(document.ok()) << document.status().ToString();
  std::string resolved;
  return ParseExperiment(*document, {}, &resolved);
}

TEST(ExperimentTest, NobodyIsLostUnlessTheFileSaysSo) {
  const auto silent = Parse("");
  ASSERT_TRUE(silent.ok()) << silent.status().ToString();
  EXPECT_FALSE(silent->drop_outs.active());
  const auto lossy = Parse(", dropout = 0.25");
  ASSERT_TRUE(lossy.ok()) << lossy.status().ToString();
  EXPECT_EQ(lossy->drop_outs.probability, 0.25);
}

TEST(ExperimentTest, DropOutsThatAreNoProbabilityBelowOneAreRefused) {
  for (const char* wrong : {"1.0", "1", "1.5", "-0.1"}) {
    const auto parsed = Parse(std::string(", dropout = ") + wrong);
    ASSERT_FALSE(parsed.ok()) << wrong;
    EXPECT_EQ(parsed.status().id(), errors::kConfigValue) << wrong;
    EXPECT_NE(parsed.status().what().find("dropout"), std::string::npos) << parsed.status().what();
  }
}

}  // namespace
}  // namespace cairn

#include "protocol/messages/job_config.h"

#include <gtest/gtest.h>

#include <fstream>

#include "message_maker.h"

namespace cairn {
namespace {

constexpr std::string_view kJob = R"(schema = 1
name = "cardio-risk"
model = { arch = "mlp", hyper = { inputs = 13, hidden = [64, 8], classes = 2, act = "relu" }, init = "seed:7" }
data = { dataset = "cardio", schema = "heart-v1.toml", holdout = 0.1 }
train = { loss = "cross_entropy", epochs = 1, batch = 64, optimizer = { name = "sgd", lr = 0.05 } }
strategy = { name = "fedadam", lr = 0.01, rounds = 30, cohort = { min = 4, target = "all" } }
finetune = { mode = "full" }
exchange = { include = ["*"], personal = [], buffers = "average", counters = "max" }
secagg = { mode = "full" }
evaluate = { where = ["federated"], metric = "log_loss" }
round = { deadline = "auto" }
)";

struct Read {
  JobFile job;
  Status status;
};

Read ReadJob(std::string_view text) {
  auto document = ConfigDocument::Parse(text, "job.toml");
  if (!document.ok()) return {{}, document.status()};
  ConfigReader root(*document);
  JobFile job = ParseJobSpec(root);
  return {std::move(job), root.Finish()};
}

std::string With(std::string_view from, std::string_view to) {
  std::string text(kJob);
  return text.replace(text.find(from), from.size(), to);
}

TEST(JobConfigTest, ReadsEveryConcern) {
  const auto [job, status] = ReadJob(kJob);
  ASSERT_TRUE(status.ok()) << status.ToString();
  const JobSpec& spec = job.spec;
  EXPECT_EQ(spec.name, "cardio-risk");
  EXPECT_EQ(std::get<std::int64_t>(spec.model.hyper.at("inputs")), 13);
  EXPECT_EQ(std::get<std::vector<std::int64_t>>(spec.model.hyper.at("hidden")),
            (std::vector<std::int64_t>{64, 8}));
  EXPECT_EQ(std::get<std::string>(spec.model.hyper.at("act")), "relu");
  EXPECT_EQ(job.schema_path, "heart-v1.toml");
  EXPECT_EQ(spec.data.holdout, 0.1);
  EXPECT_EQ(spec.train.optimizer.lr, 0.05);
  EXPECT_EQ(spec.strategy.rounds, 30u);
  EXPECT_EQ(spec.cohort.min_clients, 4u);
  EXPECT_EQ(spec.cohort.target, 0u);
  EXPECT_EQ(spec.secagg.mode, SecAggMode::kFull);
  EXPECT_EQ(spec.round.deadline, Duration::zero());
  EXPECT_FALSE(spec.evaluate.maximize);  // less log loss is better, unless mode says otherwise
}

TEST(JobConfigTest, CanonicalTextReadsBackEqual) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    JobSpec spec = MessageMaker(seed).Spec();
    spec.data.schema_toml.clear();  // lives in its own file
    spec.round.deadline = std::chrono::seconds(seed);
    const std::string text = JobToml(spec, "");
    const auto [job, status] = ReadJob(text);
    ASSERT_TRUE(status.ok()) << status.ToString() << "\n" << text;
    EXPECT_EQ(job.spec, spec) << text;
    EXPECT_EQ(JobToml(job.spec, ""), text);
  }
}

TEST(JobConfigTest, ReadsAndWritesAGroupedJob) {
  std::string text = With("min = 4", "min = 20");
  text.replace(text.find("{ mode = \"full\" }\neval"), 17,
               "{ mode = \"grouped\", group_size = 5, group_min = 4, rule = \"trimmed-mean\", trim = 2 }");
  const auto [job, status] = ReadJob(text);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(job.spec.secagg, (SecAggConfig{.mode = SecAggMode::kGrouped,
                                           .group_size = 5,
                                           .group_min = 4,
                                           .rule = GroupRule::kTrimmedMean,
                                           .trim = 2}));
  const auto [again, reread] = ReadJob(JobToml(job.spec, job.schema_path));
  ASSERT_TRUE(reread.ok()) << reread.ToString();
  EXPECT_EQ(again.spec, job.spec);
}

TEST(JobConfigTest, AGroupedJobThatSaysNoCohortWaitsForTheFewestGroups) {
  std::string text = With("cohort = { min = 4, target = \"all\" }", "cohort = { target = \"all\" }");
  text.replace(text.find("{ mode = \"full\" }\neval"), 17,
               "{ mode = \"grouped\", group_size = 5, group_min = 4, rule = \"median\" }");
  const auto [job, status] = ReadJob(text);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(job.spec.cohort.min_clients, 12u);
}

// The table of recommended settings: Hsu et al. 2019, Li et al. 2018, Reddi et al. 2020.
TEST(JobConfigTest, StrategyNamedAloneHasTheSettingsOfItsPaper) {
  const auto strategy = [](const std::string& name) {
    const auto [job, status] = ReadJob(With("name = \"fedadam\", lr = 0.01,", "name = \"" + name + "\","));
    EXPECT_TRUE(status.ok()) << status.ToString();
    return job.spec.strategy;
  };
  const auto with = [](StrategyConfig config) { return config.rounds = 30, config; };
  EXPECT_EQ(strategy("fedavg"), with({.name = "fedavg", .lr = 1}));
  EXPECT_EQ(strategy("fedavgm"), with({.name = "fedavgm", .lr = 1, .momentum = 0.9}));
  EXPECT_EQ(strategy("fedprox"), with({.name = "fedprox", .lr = 1, .mu = 0.01}));
  EXPECT_EQ(strategy("fedadagrad"), with({.name = "fedadagrad", .lr = 0.1, .beta1 = 0, .tau = 1e-3}));
  EXPECT_EQ(strategy("fedadam"),
            with({.name = "fedadam", .lr = 0.01, .beta1 = 0.9, .beta2 = 0.99, .tau = 1e-3}));
  EXPECT_EQ(strategy("fedyogi"),
            with({.name = "fedyogi", .lr = 0.01, .beta1 = 0.9, .beta2 = 0.99, .tau = 1e-3}));
}

TEST(JobConfigTest, KeysOfTheFileWinOverTheStrategysDefaults) {
  const auto [job, status] = ReadJob(With("strategy = { name = \"fedadam\", lr = 0.01,",
                                          "strategy = { mu = 0.5, lr = 1.0, name = \"fedyogi\","));
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(job.spec.strategy.lr, 1.0);
  EXPECT_EQ(job.spec.strategy.mu, 0.5);
}

TEST(JobConfigTest, OtherSectionsAreLeftToTheirReader) {
  const auto document =
      ConfigDocument::Parse(std::string(kJob) + "simulation = { seed = 42 }\n", "experiment.toml");
  ConfigReader root(*document);
  ParseJobSpec(root);
  std::int64_t seed = 0;
  root.Table("simulation").Optional("seed", &seed);
  EXPECT_TRUE(root.Finish().ok());
  EXPECT_EQ(seed, 42);
}

struct BadJob {
  std::string_view from, to, place, part;
};
class JobConfigRefusalTest : public testing::TestWithParam<BadJob> {};

TEST_P(JobConfigRefusalTest, NamesThePlace) {
  const auto& [from, to, place, part] = GetParam();
  const Status status = ReadJob(With(from, to)).status;
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.what().find(place), std::string::npos) << status.what();
  EXPECT_NE(status.what().find(part), std::string::npos) << status.what();
}

INSTANTIATE_TEST_SUITE_P(
    Table, JobConfigRefusalTest,
    testing::Values(
        BadJob{"lr = 0.05", "lr = -1.0", "job.toml:5:", "lr"},
        BadJob{"batch = 64", "batch = 0", "job.toml:5:", "batch"},
        BadJob{"batch = 64", "bacth = 64", "job.toml:5:", "bacth"},
        BadJob{"\"cross_entropy\"", "\"hinge\"", "job.toml:5:", "hinge"},
        BadJob{"rounds = 30", "mu = -0.1", "job.toml:6:", "mu"},
        BadJob{"rounds = 30", "rounds = 0", "job.toml:6:", "rounds"},
        BadJob{"target = \"all\"", "target = \"most\"", "job.toml:6:", "target"},
        BadJob{"\"cardio-risk\"", "\"../risk\"", "job.toml:2:", "name"},
        BadJob{"\"seed:7\"", "\"random\"", "job.toml:3:", "init"},
        BadJob{"classes = 2", "classes = [1.5]", "job.toml:3:", "classes"},
        BadJob{"holdout = 0.1", "holdout = 0.9", "job.toml:4:", "holdout"},
        BadJob{"mode = \"full\" }\nexchange", "mode = \"lora\" }\nexchange", "job.toml:7:", "lora"},
        BadJob{"personal = []", "personal = [\"head.*\"]", "job.toml:8:", "personal"},
        BadJob{"\"average\"", "\"local\"", "job.toml:8:", "local"},
        BadJob{"secagg = { mode = \"full\" }", "secagg = { mode = \"grouped\" }",
               "job.toml:9:", "group_size"},
        BadJob{"secagg = { mode = \"full\" }", "secagg = { mode = \"grouped\", group_size = 4 }",
               "job.toml:9:", "rule"},
        BadJob{"secagg = { mode = \"full\" }",
               "secagg = { mode = \"grouped\", group_size = 4, rule = \"mean\" }", "job.toml:9:", "rule"},
        BadJob{"secagg = { mode = \"full\" }",
               "secagg = { mode = \"grouped\", group_size = 4, rule = \"median\", trim = 1 }",
               "job.toml:9:", "trim"},
        BadJob{"secagg = { mode = \"full\" }",
               "secagg = { mode = \"grouped\", group_size = 4, group_min = 2, rule = \"median\" }",
               "job.toml:9:", "group_min"},
        BadJob{"secagg = { mode = \"full\" }",
               "secagg = { mode = \"grouped\", group_size = 4, rule = \"median\" }",
               "job.toml:6:", "must be at least 12, for 3 groups"},
        BadJob{"secagg = { mode = \"full\" }", "secagg = { mode = \"full\", group_size = 4 }",
               "job.toml:9:", "grouped"},
        BadJob{"\"log_loss\"", "\"f2\"", "job.toml:10:", "f2"},
        BadJob{"\"auto\"", "\"soon\"", "job.toml:11:", "deadline"}));

std::string Private(std::string_view terms = "noise_multiplier = 1.5") {
  return With("where = [\"federated\"], ", "") + "privacy = { " + std::string(terms) + " }\n";
}

TEST(JobConfigTest, PrivateJobWeighsSitesAlikeAndAsksForNoMetrics) {
  const auto [job, status] = ReadJob(Private());
  ASSERT_TRUE(status.ok()) << status.ToString();
  ASSERT_TRUE(job.spec.privacy.has_value());
  EXPECT_EQ(job.spec.privacy->noise_multiplier, 1.5);
  EXPECT_FALSE(job.spec.strategy.weight_by_examples);
  EXPECT_FALSE(job.spec.evaluate.federated);
}

TEST(JobConfigTest, PrivateJobComesBackFromItsOwnToml) {
  const JobSpec spec = ReadJob(Private("noise_multiplier = 1.5, clip = 0.5, delta = 1e-6")).job.spec;
  const auto [again, status] = ReadJob(JobToml(spec, "heart-v1.toml"));
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(again.spec, spec);
}

// One line turns on noise inside the masks; the multiplier that 8 takes over 30 rounds, by its calibration.
TEST(JobConfigTest, ProtectingClientsIsOneWord) {
  const auto [job, status] = ReadJob(Private("unit = \"client\""));
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(job.spec.secagg.mode, SecAggMode::kFull);
  EXPECT_EQ(job.spec.privacy->mechanism, PrivacyTerms::Mechanism::kDistributed);
  EXPECT_EQ(job.spec.privacy->colluders, 1u);  // a third of the fewest survivors, whole ones
  EXPECT_NEAR(job.spec.privacy->noise_multiplier, 3.4, 0.3);
  const auto [again, second] = ReadJob(JobToml(job.spec, "heart-v1.toml"));
  ASSERT_TRUE(second.ok()) << second.ToString();
  EXPECT_EQ(again.spec, job.spec);
}

struct BadPrivateJob {
  std::string_view what, from, to, terms, part;
};
class PrivateJobRefusalTest : public testing::TestWithParam<BadPrivateJob> {};

TEST_P(PrivateJobRefusalTest, NamesTheKeyAndTheReason) {
  const BadPrivateJob& bad = GetParam();
  std::string text = Private(bad.terms);
  if (!bad.from.empty()) text.replace(text.find(bad.from), bad.from.size(), bad.to);
  const Status status = ReadJob(text).status;
  EXPECT_EQ(status.id(), errors::kConfigValue);
  EXPECT_NE(status.what().find(bad.part), std::string::npos) << status.what();
}

INSTANTIATE_TEST_SUITE_P(
    Table, PrivateJobRefusalTest,
    testing::Values(
        BadPrivateJob{"epsilon_of_patients", "", "", "noise_multiplier = 1, epsilon = 3", "\"client\" alone"},
        BadPrivateJob{"two_noises", "", "", "noise_multiplier = 1, epsilon = 3, unit = \"client\"",
                      "already"},
        BadPrivateJob{"quantile", "", "", "unit = \"client\", clip_quantile = 1", "clip_quantile"},
        BadPrivateJob{"colluders", "", "", "unit = \"client\", colluders = 4", "below 4"},
        BadPrivateJob{"lonely_colluders", "", "", "unit = \"client\", colluders = 1, mechanism = \"central\"",
                      "distributed"},
        BadPrivateJob{"wide_clip", "", "", "unit = \"client\", clip = 5000", "1024"},
        BadPrivateJob{"wrong_mechanism", "", "", "noise_multiplier = 1, mechanism = \"local\"", "dp-sgd"},
        BadPrivateJob{"unmasked", "secagg = { mode = \"full\" }", "secagg = { mode = \"off\" }",
                      "unit = \"client\"", "\"full\""},
        BadPrivateJob{"no_noise", "", "", "noise_multiplier = 0", "noise_multiplier"},
        BadPrivateJob{"nan", "", "", "noise_multiplier = nan", "noise_multiplier"},
        BadPrivateJob{"infinite_noise", "", "", "noise_multiplier = inf", "noise_multiplier"},
        BadPrivateJob{"no_clip", "", "", "noise_multiplier = 1, clip = 0", "clip"},
        BadPrivateJob{"delta", "", "", "noise_multiplier = 1, delta = 1", "delta"},
        BadPrivateJob{"weights", "rounds = 30", "rounds = 30, weight_by_examples = true",
                      "noise_multiplier = 1", "weight_by_examples"},
        BadPrivateJob{"grad_clip", "batch = 64", "batch = 64, grad_clip = 1", "noise_multiplier = 1",
                      "grad_clip"},
        BadPrivateJob{"drop_last", "batch = 64", "batch = 64, drop_last = true", "noise_multiplier = 1",
                      "drop_last"},
        BadPrivateJob{"metrics", "metric = \"log_loss\"", "where = [\"federated\"]", "noise_multiplier = 1",
                      "metrics"}),
    [](const auto& one) { return std::string(one.param.what); });

TEST(JobConfigTest, NoiseHasNoDefault) {
  EXPECT_EQ(ReadJob(Private("clip = 1")).status.id(), errors::kConfigMissing);
}

TEST(JobConfigTest, MissingNameIsNamed) {
  const Status status = ReadJob(With("name = \"cardio-risk\"\n", "")).status;
  EXPECT_EQ(status.id(), errors::kConfigMissing);
}

TEST(JobConfigTest, SchemaComesInCanonicalForm) {
  const std::filesystem::path folder = testing::TempDir();
  std::ofstream(folder / "heart-v1.toml") << "# the contract\nlabel   =  'risk'\n";
  JobFile job;
  job.schema_path = "heart-v1.toml";
  ASSERT_TRUE(LoadSchema(job, folder).ok());
  EXPECT_EQ(job.spec.data.schema_toml, "label = \"risk\"\n");
  job.schema_path = "none.toml";
  EXPECT_FALSE(LoadSchema(job, folder).ok());
}

}  // namespace
}  // namespace cairn

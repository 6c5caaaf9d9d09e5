#include "cli/cairn/privacy_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/messages/job_config.h"

namespace cairn {
namespace {

constexpr std::string_view kJob = R"(
schema = 1
name = "cardio"
model = { arch = "mlp", hyper = { inputs = 13, hidden = [64, 8], classes = 2 } }
data = { dataset = "cardio" }
train = { epochs = 1, batch = 64 }
strategy = { name = "fedavg", rounds = 30 }
)";

struct Read {
  Status status;
  JobSpec job;
  PrivacyTerms terms;
};
Read ReadJob(std::string_view privacy) {
  const ConfigDocument document =
      ConfigDocument::Parse(std::string(kJob) + std::string(privacy), "job.toml").value();
  ConfigReader root(document);
  Read read;
  read.job = ParseJobSpec(root).spec;
  read.terms = read.job.privacy.value_or(PrivacyTerms{});
  read.status = root.Finish();
  return read;
}

Result<PrivacyPlan> PlanOf(std::string_view privacy, std::uint64_t population,
                           std::optional<double> target = {}) {
  const Read read = ReadJob(privacy);
  CAIRN_RETURN_IF_ERROR(read.status);
  return MakePrivacyPlan(read.job, read.terms, population, target);
}

// Every ε is rounded up.
TEST(PrivacyPlanTest, HospitalWith4000PatientsSeesWhatThirtyRoundsCost) {
  const std::string text = PrivacyPlanText(PlanOf("privacy = { noise_multiplier = 1.5 }", 4000, 4.0).value());
  EXPECT_EQ(
      text,
      "unit        patient, add or remove one · δ 1e-05\n"
      "mechanism   dp-sgd · clip 1 · σ 1.5 · Poisson q 0.016 of 4000 patients · 63 steps a round, 30 rounds, "
      "1890 steps\n"
      "ε           10 rounds 1.34 · 20 rounds 1.91 · 30 rounds 2.37   rdp, what a cap is held to; by pld "
      "1.21 · 1.74 · 2.16\n"
      "target      ε 4.00 at δ 1e-05 needs σ 1.083; the job's own σ leaves room for 79 rounds\n"
      "warns       shuffled passes instead of Poisson lots would cost ε 21.59\n");
}

TEST(PrivacyPlanTest, ClientsAreNotSampled) {
  const PrivacyPlan plan =
      PlanOf("privacy = { unit = \"client\", noise_multiplier = 4, delta = 1e-5 }", 2000).value();
  EXPECT_EQ(plan.terms.steps, 30u);
  EXPECT_FALSE(plan.shuffled.has_value());
  EXPECT_THAT(
      PrivacyPlanText(plan),
      testing::HasSubstr("distributed · clip 1 · σ 4 · everyone in each of 30 rounds · shares of 3 of 4"));
  EXPECT_THAT(PrivacyPlanText(plan), testing::HasSubstr("1.15 times the noise"));
}

TEST(PrivacyPlanTest, WhatCannotBePromisedIsRefusedByName) {
  EXPECT_EQ(PlanOf("privacy = { noise_multiplier = 1.5 }", 50).status().id(), errors::kPrivacySampling);
  EXPECT_EQ(PlanOf("privacy = { noise_multiplier = 1.5 }", 0).status().id(), errors::kPrivacyParameter);
  EXPECT_EQ(PlanOf("privacy = { noise_multiplier = 1.5, delta = 1e-3 }", 4000).status().id(),
            errors::kPrivacyDelta);
  EXPECT_EQ(PlanOf("privacy = { noise_multiplier = 1.5 }", 4000, -1.0).status().id(),
            errors::kPrivacyParameter);
}

TEST(PrivacyPlanTest, TermsThatDoNotFitAreRefusedWhereTheyStand) {
  for (const char* bad : {"privacy = { noise_multiplier = 0 }", "privacy = { noise_multiplier = nan }",
                          "privacy = { noise_multiplier = 1, unit = \"row\" }",
                          "privacy = { noise_multiplier = 1, mechanism = \"central\" }",
                          "privacy = { noise_multiplier = 1, unit = \"client\", mechanism = \"dp-sgd\" }",
                          "privacy = { noise_multiplier = 1, sigma = 2 }"}) {
    EXPECT_THAT(ReadJob(bad).status.what(), testing::HasSubstr("job.toml:8")) << bad;
  }
}

TEST(PrivacyPlanTest, NoiseHasNoDefault) {
  EXPECT_THAT(ReadJob("privacy = { }").status.what(),
              testing::HasSubstr("'privacy.noise_multiplier' is missing"));
}

TEST(PrivacyPlanTest, TrustInTheAggregatorAndNoTrustAtAllAreToldApart) {
  const auto plan = [](std::string_view mechanism) {
    const std::string terms =
        "privacy = { unit = \"client\", noise_multiplier = 4, delta = 1e-5, mechanism = \"";
    return PlanOf(terms + std::string(mechanism) + "\" }", 2000).value();
  };
  EXPECT_EQ(plan("central").noise_ratio, 1);
  EXPECT_EQ(plan("local").noise_ratio, 2);  // of four clients
  EXPECT_EQ(plan("local").costs.back().rdp, plan("central").costs.back().rdp);
}

}  // namespace
}  // namespace cairn

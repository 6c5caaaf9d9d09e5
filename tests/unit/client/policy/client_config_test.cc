#include "client/policy/client_config.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

constexpr std::string_view kWhole = R"(schema = 1
site = { name = "site-a", federation = "heartnet" }
aggregator = { address = "agg.heartnet.example:8443" }
net = { proxy = "none", stall_timeout = "90s" }
client = { heartbeat = "10s", state_dir = "/srv/cairn" }
[dataset.cardio]
reader = "csv"
path = "/srv/cardio/visits.csv"
columns.chol = { from = "chol_mmol_l", scale = 38.67 }
[policy]
approval = "by-hash"
secagg = "plain-ok"
min_cohort = 3
min_examples = 50
share_site_metrics = true
max_upload_mb_per_round = 1.5
sandbox = "best-effort"
[policy.dataset.cardio]
jobs = ["cardio-*"]
)";

Result<ClientConfig> Parse(std::string_view text) {
  const auto document = ConfigDocument::Parse(text, "client.toml");
  if (!document.ok()) return document.status();
  return ParseClientConfig(*document);
}

std::string Minimal(const std::string& more = "") {
  return "site = { name = \"a\", federation = \"f\" }\naggregator.address = \"h:1\"\n" + more;
}

TEST(ClientConfigTest, WholeFileIsRead) {
  const auto config = Parse(kWhole);
  ASSERT_TRUE(config.ok()) << FormatForHumans(config.status());
  EXPECT_EQ(config->site, "site-a");
  EXPECT_EQ(config->federation, "heartnet");
  EXPECT_EQ(config->aggregator_address, "agg.heartnet.example:8443");
  EXPECT_EQ(config->proxy, "none");
  EXPECT_EQ(config->stall_timeout, std::chrono::seconds(90));
  EXPECT_EQ(config->heartbeat, std::chrono::seconds(10));
  EXPECT_EQ(config->key_file(), "/srv/cairn/site.key");
  EXPECT_EQ(config->policy.approval, ApprovalMode::kManual);
  EXPECT_EQ(config->policy.secagg, SecAggPolicy::kPlainOk);
  EXPECT_EQ(config->policy.sandbox, SandboxPolicy::kBestEffort);
  EXPECT_EQ(config->policy.min_cohort, 3u);
  EXPECT_EQ(config->policy.min_examples, 50);
  EXPECT_TRUE(config->policy.share_site_metrics);
  EXPECT_EQ(config->policy.max_upload_bytes_per_round, 1'500'000u);
  ASSERT_EQ(config->policy.datasets.size(), 1u);
  EXPECT_EQ(config->policy.datasets[0], (DatasetRule{"cardio", {"cardio-*"}}));
}

TEST(ClientConfigTest, DatasetTableIsKeptAsTomlThatReadsBackTheSame) {
  const auto config = Parse(kWhole);
  ASSERT_TRUE(config.ok());
  const std::string& table = config->dataset_toml.at("cardio");
  const auto again = ConfigDocument::Parse(table, "dataset");
  ASSERT_TRUE(again.ok()) << table;
  ASSERT_NE(again->root().Find("path"), nullptr) << table;
  EXPECT_EQ(again->root().Find("path")->value.text, "/srv/cardio/visits.csv");
  EXPECT_EQ(ToToml(again->root()), table);
}

TEST(ClientConfigTest, WhatIsNotSaidIsTheCautiousChoice) {
  const auto config = Parse(Minimal());
  ASSERT_TRUE(config.ok()) << FormatForHumans(config.status());
  EXPECT_EQ(config->policy, SitePolicy{});
  EXPECT_EQ(config->policy.secagg, SecAggPolicy::kRequired);
  EXPECT_EQ(config->policy.approval, ApprovalMode::kManual);
  EXPECT_EQ(config->policy.sandbox, SandboxPolicy::kRequired);
}

TEST(ClientConfigTest, SlipOfThePenNamesThePlaceAndTheNearestKey) {
  const auto config = Parse(Minimal("[policy]\nsecag = \"plain-ok\"\n"));
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.status().id(), errors::kConfigUnknownKey);
  EXPECT_NE(FormatForHumans(config.status()).find("client.toml:4:1"), std::string::npos);
  EXPECT_NE(FormatForHumans(config.status()).find("secagg"), std::string::npos);
}

TEST(ClientConfigTest, UncheckedSecAggCannotBeConfigured) {
  EXPECT_EQ(Parse(Minimal("policy.secagg = \"grouped-ok\"\n"))->policy.secagg, SecAggPolicy::kGroupedOk);
  EXPECT_EQ(Parse(Minimal("policy.secagg = \"unchecked\"\n")).status().id(), errors::kConfigValue);
}

TEST(ClientConfigTest, SiteAndAddressAreRequired) {
  EXPECT_EQ(Parse("site = { name = \"a\", federation = \"f\" }\n").status().id(), errors::kConfigMissing);
  EXPECT_EQ(Parse("aggregator.address = \"h:1\"\n").status().id(), errors::kConfigMissing);
}

TEST(ClientConfigTest, AddressIsHostAndPort) {
  for (const char* address : {"h", "h:", ":8443", "h:0", "h:65536", "h:8443x", "http://h:1", "::1:8443"}) {
    const std::string text = "site = { name = \"a\", federation = \"f\" }\naggregator.address = \"" +
                             std::string(address) + "\"\n";
    EXPECT_EQ(Parse(text).status().id(), errors::kConfigValue) << address;
  }
  for (const char* address : {"h:1", "agg.example.org:8443", "192.0.2.1:8443", "[::1]:8443"}) {
    const std::string text = "site = { name = \"a\", federation = \"f\" }\naggregator.address = \"" +
                             std::string(address) + "\"\n";
    EXPECT_TRUE(Parse(text).ok()) << address;
  }
}

TEST(ClientConfigTest, PolicyForDataThatIsNotThereIsAnError) {
  const auto config = Parse(Minimal("policy.dataset.cardio.jobs = [\"*\"]\n"));
  EXPECT_EQ(config.status().id(), errors::kConfigValue);
  EXPECT_NE(FormatForHumans(config.status()).find("[dataset.cardio]"), std::string::npos);
}

constexpr const char* kData = "[dataset.cardio]\nreader = \"csv\"\n";

std::string Domain(const std::string& terms, const std::string& data = kData) {
  return Minimal(data + "[privacy.domain.patients]\n" + terms);
}

TEST(ClientConfigTest, PrivacyDomainIsReadAndItsDeltaFollowsFromThePopulation) {
  const auto config = Parse(Domain("datasets = [\"cardio\"]\npopulation = 4000\nepsilon = 4.0\n"));
  ASSERT_TRUE(config.ok()) << FormatForHumans(config.status());
  ASSERT_EQ(config->privacy_domains.size(), 1u);
  const PrivacyDomain& domain = config->privacy_domains[0];
  EXPECT_EQ(domain.name, "patients");
  EXPECT_EQ(domain.datasets, std::vector<std::string>{"cardio"});
  EXPECT_EQ(domain.population, 4000u);
  EXPECT_EQ(domain.terms.cap.epsilon, 4.0);
  EXPECT_EQ(domain.terms.cap.delta.value(), 1e-5);
  EXPECT_EQ(domain.terms.accountant, AccountantKind::kRdp);
}

TEST(ClientConfigTest, DomainWithoutCapOrPopulationIsAnError) {
  EXPECT_EQ(Parse(Domain("datasets = [\"cardio\"]\npopulation = 4000\n")).status().id(),
            errors::kConfigMissing);
  EXPECT_EQ(Parse(Domain("datasets = [\"cardio\"]\nepsilon = 4.0\n")).status().id(), errors::kConfigMissing);
}

TEST(ClientConfigTest, DeltaThatCoversOnePersonOutrightIsRefused) {
  const auto config =
      Parse(Domain("datasets = [\"cardio\"]\npopulation = 4000\nepsilon = 4.0\ndelta = 0.00025\n"));
  EXPECT_EQ(config.status().id(), errors::kPrivacyDelta);
}

TEST(ClientConfigTest, CapMustBePositiveAndFinite) {
  for (const char* cap : {"0", "-1.0", "nan", "inf"}) {
    const auto config =
        Parse(Domain(std::string("datasets = [\"cardio\"]\npopulation = 4000\nepsilon = ") + cap + "\n"));
    EXPECT_EQ(config.status().id(), errors::kConfigValue) << cap;
  }
}

TEST(ClientConfigTest, DataSetBelongsToOneDomainAndMustBeThere) {
  const std::string terms = "datasets = [\"cardio\"]\npopulation = 4000\nepsilon = 4.0\n";
  EXPECT_EQ(Parse(Domain(terms + "[privacy.domain.others]\n" + terms)).status().id(), errors::kConfigValue);
  EXPECT_EQ(Parse(Domain(terms, "")).status().id(), errors::kConfigValue);
}

TEST(ClientConfigTest, DataSetMayBeKeptForPrivateJobs) {
  const auto config = Parse(
      Minimal(std::string(kData) + "[policy.dataset.cardio]\njobs = [\"*\"]\nrequire_privacy = true\n"));
  ASSERT_TRUE(config.ok()) << FormatForHumans(config.status());
  EXPECT_TRUE(config->policy.datasets[0].require_privacy);
}

TEST(ClientConfigTest, KeysCanBeDescribed) {
  const auto keys = ConfigReader::Describe([](ConfigReader& reader) { ReadClientConfig(reader); });
  bool has_secagg = false;
  for (const ConfigKey& key : keys) has_secagg |= key.path == "policy.secagg";
  EXPECT_TRUE(has_secagg);
}

}  // namespace
}  // namespace cairn

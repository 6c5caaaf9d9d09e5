// Pitfalls 19 and 23: another model definition, manifest, layout or suite under an approved name. All are in
// rc, which each site computes from its own copies.
#include <functional>

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

TEST(AttackChangedTermsTest, WhoeverHasOtherTermsSharesNothingWithTheRest) {
  using Change = std::function<void(Terms&)>;
  const std::pair<const char*, Change> changes[] = {
      {"architecture", [](Terms& t) { t.architecture = Sha256::Of("with an imprint layer"); }},
      {"manifest", [](Terms& t) { t.manifest = Sha256::Of("another manifest"); }},
      {"layout", [](Terms& t) { t.layout_hash = 1; }},
      {"sections", [](Terms& t) { t.sections[0].bound = 1; }},
      {"model", [](Terms& t) { t.model = Sha256::Of("another model"); }},
      {"job", [](Terms& t) { t.job = 8; }},
      {"federation", [](Terms& t) { t.federation = "banks"; }},
      {"round", [](Terms& t) { t.round = 2; }},
      {"attempt", [](Terms& t) { t.attempt = 2; }},
      {"weights", [](Terms& t) { t.weight_cap = 2; }},
      {"group", [](Terms& t) { t.group = 1; }},
      {"largest cohort", [](Terms& t) { t.n_max = 6; }},
      {"smallest cohort", [](Terms& t) { t.n_min = 4; }},
      {"noise", [](Terms& t) { t.dp_event = Sha256::Of("gaussian"); }},
      {"aggregator", [](Terms& t) { t.aggregator.bytes[0] ^= std::byte{1}; }},
  };
  for (const auto& [name, change] : changes) {
    SecAggScript told({.n = 5}), rest({.n = 5});
    change(told.terms);
    rest.Advertise();
    auto site = *told.NewClient(4);
    EXPECT_TRUE(FailsWith((*rest.NewServer())->OnAdvert(4, site->advert()), errors::kSecAggMember)) << name;
    std::vector<std::pair<Member, Advert>> shown;
    for (const Member m : Range(4)) shown.emplace_back(m, rest.clients[m]->advert());
    shown.emplace_back(4, site->advert());
    const LyingAggregator liar(told);
    EXPECT_TRUE(FailsWith(site->OnCohort(liar.MessageFor(liar.Form(shown), 4)), errors::kSecAggMember))
        << name;
    EXPECT_EQ(site->phase(), Client::Phase::kFailed) << name;
  }
}

TEST(AttackChangedTermsTest, AnotherSuiteIsRefusedAndBothAreNamed) {
  SecAggScript script({.n = 5});
  script.terms.suite = 2;
  const auto client = script.NewClient(0);
  EXPECT_TRUE(FailsWith(client, errors::kSecAggTerms));
  EXPECT_NE(client.status().what().find('2'), std::string::npos);
  EXPECT_NE(client.status().what().find('1'), std::string::npos);
}

}  // namespace
}  // namespace cairn::secagg

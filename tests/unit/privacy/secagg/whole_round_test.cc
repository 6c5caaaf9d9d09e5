// Whole attempts: the sum is exact whoever is lost where, and no sum comes out below a floor.
#include <gtest/gtest.h>

#include <string>

#include "privacy/crypto/x25519_lanes.h"
#include "tests/unit/privacy/secagg/secagg_script.h"

namespace cairn::secagg {
namespace {

struct Case {
  std::string name;
  SecAggScript::Options options;
};

class WholeRoundTest : public testing::TestWithParam<Case> {
 protected:
  SecAggScript script{GetParam().options};
  Member n = GetParam().options.n;
};

TEST_P(WholeRoundTest, SumOfAllIsExact) {
  script.Advertise();
  script.Share();
  script.Mask();
  script.Agree();
  script.Unmask();
  EXPECT_EQ(script.OpenSum(), script.ExpectedSum());
  EXPECT_EQ(script.server->u3(), Range(n));
  EXPECT_EQ(script.server->phase(), Server::Phase::kDone);
  EXPECT_TRUE(script.server->blames().empty());
}

TEST_P(WholeRoundTest, LostInEveryPhaseLeavesTheSumOfTheSurvivors) {
  script.Advertise(Without(Range(n), {0}));                 // 0 never comes
  script.Share(Without(script.server->u1(), {1}));          // 1 leaves before it shares
  script.Mask(Without(script.server->u2(), {2}));           // 2 dies in training
  script.Agree(Without(script.server->u3(), {3}));          // 3 after its input
  script.Unmask(Without(script.server->u3(), {3, n - 1}));  // the last before its answer
  EXPECT_EQ(script.OpenSum(), script.ExpectedSum()) << script.last_error.ToString();
  EXPECT_EQ(script.server->u3(), Without(Range(n), {0, 1, 2}));
}

TEST_P(WholeRoundTest, RestartsBetweenAllStepsChangeNothing) {
  const auto restart_all = [&] {
    for (const Member m : script.server->u1()) script.Restart(m);
  };
  script.Advertise();
  restart_all();
  script.Share();
  restart_all();
  script.Mask(Without(script.server->u2(), {1}));
  restart_all();
  script.Agree();
  restart_all();
  script.Unmask();
  EXPECT_EQ(script.OpenSum(), script.ExpectedSum());
}

TEST_P(WholeRoundTest, MaskedInputsSayNothingByThemselves) {
  script.Advertise();
  script.Share();
  script.Mask();
  for (Member m = 0; m < n; ++m) {
    std::size_t equal = 0;
    for (std::size_t i = 0; i < script.inputs[m].size(); ++i)
      equal += script.inputs[m][i] == script.masked[m][i];
    EXPECT_LE(equal, 1u) << "member " << m;
  }
}

INSTANTIATE_TEST_SUITE_P(Graphs, WholeRoundTest,
                         testing::Values(Case{"Complete32", {.n = 16}},
                                         Case{"Complete64", {.n = 16, .ring = Ring::k64}},
                                         Case{"Regular32", {.n = 24, .k = 14, .t = 10}},
                                         Case{"Regular64", {.n = 24, .k = 14, .t = 10, .ring = Ring::k64}},
                                         Case{"KeyedHash", {.n = 16, .keyed_hash = true}}),
                         [](const auto& one) { return one.param.name; });

// What leaves each party of an attempt in which two sites are lost.
struct Spoken {
  std::vector<SharesMessage> shares;
  std::vector<std::vector<std::uint64_t>> vectors;
  std::vector<UnmaskMessage> answers;
  std::optional<std::vector<std::uint64_t>> sum;
  friend bool operator==(const Spoken&, const Spoken&) = default;
};

Spoken Play(SecAggScript::Options options) {
  SecAggScript script(options);
  Spoken spoken;
  script.Advertise();
  script.Share();
  for (const Member m : script.server->u2())
    spoken.shares.push_back(*script.clients[m]->OnCohort(*script.server->CohortFor(m)));
  script.Mask(Without(script.server->u2(), {1, 4}));
  spoken.vectors = script.masked;
  script.Agree();
  script.Unmask();
  for (const Member m : script.server->u3())
    spoken.answers.push_back(*script.clients[m]->OnUnmask(*script.server->UnmaskRequestFor(m)));
  spoken.sum = script.OpenSum();
  EXPECT_EQ(spoken.sum, script.ExpectedSum());
  return spoken;
}

// Agreements by the handful, by OpenSSL one after the other, and remembered from one end of a pair to the
// other.
class AgreementWaysTest : public testing::TestWithParam<SecAggScript::Options> {
 protected:
  void TearDown() override { ForceX25519("auto"); }
};

TEST_P(AgreementWaysTest, AllWaysOfAgreeingSayTheSameBytes) {
  SecAggScript::Options options = GetParam();
  const Spoken remembered = Play(options);
  options.remembers = false;
  for (const char* way : {"openssl", "ifma"}) {
    if (!ForceX25519(way)) continue;  // not on this CPU
    EXPECT_TRUE(Play(options) == remembered) << way;
  }
}

INSTANTIATE_TEST_SUITE_P(Graphs, AgreementWaysTest,
                         testing::Values(SecAggScript::Options{.n = 13},
                                         SecAggScript::Options{.n = 20, .k = 12, .t = 9}),
                         [](const auto& one) { return one.param.k == 0 ? "Complete" : "Regular"; });

TEST(SmallestRoundTest, ThreeSitesAreEnoughAndNoneMayBeLost) {
  SecAggScript script({.n = 3});
  script.Advertise();
  script.Share();
  for (const Member m : {0u, 1u}) EXPECT_TRUE(script.server->OnMasked(m, *script.MaskInput(m)).ok());
  EXPECT_FALSE(script.server->can_close());
  EXPECT_TRUE(FailsWith(script.server->CloseInputs(), errors::kSecAggFloor));
  EXPECT_EQ(script.server->phase(), Server::Phase::kFailed);
}

}  // namespace
}  // namespace cairn::secagg

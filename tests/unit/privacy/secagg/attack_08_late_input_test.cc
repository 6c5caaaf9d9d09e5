// Pitfall 8: a masked input that comes after its site was named dropped. With its s_v known, only b_v
// protects it, and the vector is not read at all.
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

TEST(AttackLateInputTest, AnInputAfterTheSurvivorsAreNamedChangesNothing) {
  SecAggScript script({.n = 6}), quiet({.n = 6});
  for (SecAggScript* one : {&script, &quiet}) {
    one->Advertise();
    one->Share();
    one->Mask(Without(Range(6), {5}));
  }
  const MaskedInput late = *script.MaskInput(5);
  EXPECT_TRUE(FailsWith(script.server->OnMasked(5, late), errors::kSecAggMessage));
  script.Agree();
  EXPECT_TRUE(FailsWith(script.server->OnMasked(5, late), errors::kSecAggMessage));
  script.Unmask();
  EXPECT_TRUE(FailsWith(script.server->OnMasked(5, late), errors::kSecAggMessage));
  quiet.Agree();
  quiet.Unmask();
  const auto sum = script.OpenSum();
  EXPECT_EQ(sum, quiet.OpenSum());
  EXPECT_EQ(sum, script.ExpectedSum());
}

TEST(AttackLateInputTest, WithTheDroppedSitesKeyRecoveredItsSelfMaskStillHidesIt) {
  SecAggScript script({.n = 6});
  script.Advertise();
  script.Share();
  script.Mask(Without(Range(6), {5}));
  (void)*script.MaskInput(5);  // its vector lies at the aggregator by now
  script.Agree();
  script.Unmask();
  // What the aggregator has: keys of all pairs of 5. It takes them off 5's vector.
  const UnmaskWork work = *script.server->CloseUnmasking();
  std::vector<std::uint64_t> words = script.masked[5];
  UnmaskWork of_five;
  for (std::size_t i = 5; i < work.terms.size();
       ++i) {  // after five self masks; 5 subtracted what others added
    of_five.terms.push_back({work.terms[i].key.Clone(), !work.terms[i].subtract});
  }
  script.TakeOff(of_five, words);
  EXPECT_NE(words, script.inputs[5]);
}

TEST(AttackLateInputTest, ASiteOutsideOfTheSurvivorsGivesNoAnswer) {
  SecAggScript script({.n = 6});
  script.Advertise();
  script.Share();
  (void)*script.MaskInput(5);
  script.Mask(Without(Range(6), {5}));
  EXPECT_FALSE(script.server->SurvivorsFor(5).has_value());
  EXPECT_TRUE(
      FailsWith(script.clients[5]->OnSurvivors(*script.server->SurvivorsFor(0), {}), errors::kSecAggMessage));
  EXPECT_EQ(script.clients[5]->phase(), Client::Phase::kFailed);
}

}  // namespace
}  // namespace cairn::secagg

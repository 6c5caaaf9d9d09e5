// Pitfall 11: weights, counts or metrics beside the masked vector. Nothing a site says depends on its data
// but the masked vector and what names it.
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

struct Said {
  std::vector<Advert> adverts;
  std::vector<SharesMessage> shares;
  std::vector<MaskedInput> inputs;
  std::vector<AgreementMessage> agreed;
  std::vector<UnmaskMessage> answers;
};

Said Play(SecAggScript& script) {
  Said said;
  const Members all = Range(script.options().n);
  script.Advertise();
  for (const Member m : all) {
    said.adverts.push_back(script.clients[m]->advert());
    said.shares.push_back(*script.clients[m]->OnCohort(*script.server->CohortFor(m)));
    EXPECT_TRUE(script.server->OnShares(m, said.shares.back()).ok());
  }
  EXPECT_TRUE(script.server->CloseShares().ok());
  for (const Member m : all) {
    said.inputs.push_back(*script.MaskInput(m));
    EXPECT_TRUE(script.server->OnMasked(m, said.inputs.back()).ok());
  }
  EXPECT_TRUE(script.server->CloseInputs().ok());
  for (const Member m : all) {
    said.agreed.push_back(*script.clients[m]->OnSurvivors(*script.server->SurvivorsFor(m), {}));
    EXPECT_TRUE(script.server->OnAgreed(m, said.agreed.back()).ok());
  }
  EXPECT_TRUE(script.server->CloseAgreement().ok());
  for (const Member m : all)
    said.answers.push_back(*script.clients[m]->OnUnmask(*script.server->UnmaskRequestFor(m)));
  return said;
}

TEST(AttackFieldsInTheClearTest, OtherDataChangesTheMaskedVectorAndNothingElse) {
  SecAggScript one({.n = 5}), other({.n = 5});
  for (auto& input : other.inputs) {
    for (std::uint64_t& word : input) word = SecAggScript::kBound - word;
  }
  const Said a = Play(one), b = Play(other);
  EXPECT_EQ(a.adverts, b.adverts);
  EXPECT_EQ(a.shares, b.shares);
  EXPECT_EQ(a.agreed, b.agreed);
  EXPECT_EQ(a.answers, b.answers);
  for (const Member m : Range(5)) {
    EXPECT_EQ(a.inputs[m].bytes, b.inputs[m].bytes);
    EXPECT_NE(a.inputs[m].object, b.inputs[m].object);
  }
}

}  // namespace
}  // namespace cairn::secagg

#include "privacy/secagg/client/mask.h"

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

class MaskTest : public testing::Test {
 protected:
  MaskTest() {
    script.Advertise();
    script.Share();
    EXPECT_TRUE(script.clients[0]->OnDelivery(*script.server->DeliveryFor(0)).ok());
  }
  Client& client() { return *script.clients[0]; }
  SecAggScript script{{.n = 5}};
  std::vector<std::uint64_t> words = script.inputs[0];
};

TEST_F(MaskTest, MasksAreUsedOnce) {
  ASSERT_TRUE(script.MaskWords(client(), words).ok());
  std::vector<std::uint64_t> second = script.inputs[0];
  EXPECT_TRUE(FailsWith(script.MaskWords(client(), second), errors::kSecAggState));
  EXPECT_EQ(second, script.inputs[0]) << "untouched";
  script.Restart(0);
  EXPECT_TRUE(FailsWith(script.MaskWords(client(), second), errors::kSecAggState))
      << "what was saved after masking says so";
}

TEST_F(MaskTest, ACrashBeforeAnythingWasSavedMasksAgain) {
  const SecretBytes saved = client().Save();
  ASSERT_TRUE(script.MaskWords(client(), words).ok());
  auto restored = *Client::Restore(saved.Reveal(RevealSecret{}), script.terms, script.floors,
                                   script.membership, 0, script.PrimitivesOf(0, 1));
  std::vector<std::uint64_t> again = script.inputs[0];
  ASSERT_TRUE(script.MaskWords(*restored, again).ok());
  EXPECT_EQ(again, words);
}

TEST_F(MaskTest, AnotherLengthOrWidthIsRefused) {
  std::vector<std::uint32_t> narrow(script.terms.words() + 1);
  EXPECT_TRUE(FailsWith(client().Mask(std::span<std::uint32_t>(narrow)), errors::kSecAggState));
  std::vector<std::uint64_t> wide(script.terms.words());
  EXPECT_TRUE(FailsWith(client().Mask(std::span<std::uint64_t>(wide)), errors::kSecAggState));
  EXPECT_TRUE(script.MaskWords(client(), words).ok()) << "which spent nothing";
}

TEST_F(MaskTest, OnlyOneVectorIsNamed) {
  const Sha256Digest object = Sha256::Of("y"), other = Sha256::Of("another y");
  const std::uint64_t bytes = script.terms.byte_size();
  EXPECT_TRUE(FailsWith(client().Masked(object, bytes), errors::kSecAggState)) << "before it is masked";
  ASSERT_TRUE(script.MaskWords(client(), words).ok());
  EXPECT_TRUE(FailsWith(client().Masked(object, bytes - 4), errors::kSecAggState));
  const auto named = client().Masked(object, bytes);
  ASSERT_TRUE(named.ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(*client().Masked(object, bytes), *named);
    EXPECT_TRUE(FailsWith(client().Masked(other, bytes), errors::kSecAggState));
    EXPECT_FALSE(script.MaskWords(client(), words).ok());
    script.Restart(0);
  }
}

TEST_F(MaskTest, TheNameIsBoundToTheSetThatSharesMasks) {
  ASSERT_TRUE(script.MaskWords(client(), words).ok());
  const MaskedInput named = *client().Masked(Sha256::Of("y"), script.terms.byte_size());
  const Sha256Digest cc = SiteState(client()).around().context;
  const VerifyKey& key = script.membership->members[0].key;
  EXPECT_TRUE(key.Verifies(MaskedBytes(cc, 0, SiteSet::All(5), named), named.signature));
  EXPECT_FALSE(key.Verifies(MaskedBytes(cc, 0, SetOf(5, Range(4)), named), named.signature));
}

TEST_F(MaskTest, SecretsAreGoneOnceTheVectorIsNamed) {
  ASSERT_TRUE(script.MaskWords(client(), words).ok());
  EXPECT_TRUE(SiteState(client()).advertised->has_secrets());
  ASSERT_TRUE(client().Masked(Sha256::Of("y"), script.terms.byte_size()).ok());
  EXPECT_FALSE(SiteState(client()).advertised->has_secrets());
}

TEST_F(MaskTest, MasksOfPairsCancelAndSelfMasksStay) {
  // Σ y − Σ q must be Σ PRG(self): what each b_u gives, and nothing of any pair.
  UnmaskWork self;
  for (const Member m : Range(5)) {
    const SiteState state(*script.clients[m]);
    self.terms.push_back(
        {SelfMaskKey(state.secrets().self_mask.Reveal(RevealSecret{}).first<32>(), state.around().context, m),
         true});
  }
  script.Mask();
  std::vector<std::uint64_t> sum(script.terms.words(), 0);
  for (const auto& masked : script.masked) script.Accumulate(masked, sum);
  script.TakeOff(self, sum);
  EXPECT_EQ(sum, script.ExpectedSum());
}

}  // namespace
}  // namespace cairn::secagg

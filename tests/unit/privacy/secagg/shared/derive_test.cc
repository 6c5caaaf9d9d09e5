#include "privacy/secagg/shared/derive.h"

#include <gtest/gtest.h>

#include <set>

#include "privacy/crypto/ctr_stream.h"
#include "privacy/secagg/shared/merkle.h"
#include "privacy/secagg/shared/transcript.h"
#include "tests/testing/fixed_bytes.h"

namespace cairn::secagg {
namespace {

Sha256Digest Filled(unsigned fill) {
  Sha256Digest digest;
  digest.bytes.fill(static_cast<std::byte>(fill));
  return digest;
}

const Sha256Digest kCohort = Filled(0x11), kRound = Filled(0x22);

// The pair of RFC 7748 section 6.1 as members 0 and 1.
struct DeriveTest : testing::Test {
  Agreement alice = Agreement::FromSecret(
      FixedBytes<32>("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  Agreement bob = Agreement::FromSecret(
      FixedBytes<32>("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  SecretBytes shared = alice.Derive(bob.public_key()).value();
  PairEnd zero{0, alice.public_key()}, one{1, bob.public_key()};
};

TEST_F(DeriveTest, PairMaskKeyAndItsWordsAreThoseOfTheSpecification) {
  const SecretBytes key = PairMaskKey(shared, kCohort, zero, one);
  EXPECT_EQ(HexOf(key), "839ef5f166c486b9b7fd99f7c278e988b867c364572d41257dd9369c58c66f6f");
  CtrStream stream(key.Reveal(RevealSecret{}).first<32>());
  std::array<std::byte, 16> words;
  stream.Fill(0, words);
  EXPECT_EQ(ToHex(words), "16a8b57397272464a190d99a1fca8dd0");  // 73b5a816 64242797 9ad990a1 d08dca1f
  stream.Fill(std::uint64_t{4} << 20, words);
  EXPECT_EQ(ToHex(words), "4c07e362d7d26c028f6ba06ea4529e35");  // 62e3074c 026cd2d7 6ea06b8f 359e52a4
}

TEST_F(DeriveTest, BothEndsOfAPairDeriveOneMaskKey) {
  EXPECT_TRUE(PairMaskKey(shared, kCohort, zero, one) == PairMaskKey(shared, kCohort, one, zero));
  EXPECT_TRUE(PairMaskKey(bob.Derive(alice.public_key()).value(), kCohort, one, zero) ==
              PairMaskKey(shared, kCohort, zero, one));
}

TEST_F(DeriveTest, MaskKeyIsBoundToCohortMembersAndKeys) {
  const PairEnd elsewhere{2, bob.public_key()}, other_key{1, alice.public_key()};
  std::set<std::string> keys = {HexOf(PairMaskKey(shared, kCohort, zero, one)),
                                HexOf(PairMaskKey(shared, kRound, zero, one)),
                                HexOf(PairMaskKey(shared, kCohort, zero, elsewhere)),
                                HexOf(PairMaskKey(shared, kCohort, zero, other_key))};
  EXPECT_EQ(keys.size(), 4u);
}

TEST_F(DeriveTest, SealingKeyIsThatOfTheSpecificationAndHasADirection) {
  const auto nonce = FixedBytes<12>("000000000000000000000000");
  const AeadKey expected(SecretBytes::CopyOf(
      FixedBytes<32>("475b2a876104f205cf72a9970f0f82695b797e1b85b936eb1c0777ede4971512")));
  const Bytes context = SealedContext(kCohort, 0, 1);
  const Bytes sealed = SealingKey(shared, kCohort, zero, one).SealWithNonce(nonce, AsBytes("share"), context);
  EXPECT_EQ(sealed, expected.SealWithNonce(nonce, AsBytes("share"), context));
  EXPECT_FALSE(SealingKey(shared, kCohort, one, zero).Open(sealed, context).ok());
  EXPECT_FALSE(SealingKey(shared, kRound, zero, one).Open(sealed, context).ok());
  EXPECT_EQ(context, Transcript("sealed").Hash(kCohort).U32(0).U32(1).bytes());
}

TEST(DeriveSelfTest, CommitmentAndSelfMaskKeyAreThoseOfTheSpecification) {
  const auto b = CountedBytes<32>(0);
  EXPECT_EQ(SelfCommitment(kRound, 3, b).hex(),
            "52b1f2e79dc916dcd131b2062a12d5a8264def60e098c6042ccc763043ac61cf");
  EXPECT_EQ(HexOf(SelfMaskKey(b, kCohort, 3)),
            "cdf8f1e38072b780788dfaa3ccc2561fc201193baed870651acd64b9ec01bb7e");
}

TEST(DeriveCohortTest, CohortContextIsThatOfTheSpecification) {
  std::vector<Sha256Digest> leaves;
  for (std::uint32_t i = 0; i < 3; ++i) leaves.push_back(AdvertLeaf(i, Filled(i)));
  EXPECT_EQ(CohortContext(kRound, 3, MerkleRoot(leaves)).hex(),
            "bc7b15be6b04648cc9d38535e542df9a543adc7a332778812b875d491924aa9e");
  EXPECT_EQ(Sha256::Of(CohortBytes(kRound, 3, MerkleRoot(leaves))),
            CohortContext(kRound, 3, MerkleRoot(leaves)));
}

TEST(DeriveAdvertTest, HashIsThatOfTheSignedBytesWithoutTheSignature) {
  Advert advert;
  advert.share_key.bytes.fill(std::byte{1});
  advert.mask_key.bytes.fill(std::byte{2});
  advert.commitment = Filled(3);
  const Bytes bytes = AdvertBytes(kRound, 7, advert);
  EXPECT_EQ(bytes, Transcript("adv")
                       .Hash(kRound)
                       .U32(7)
                       .Field(advert.share_key.bytes)
                       .Field(advert.mask_key.bytes)
                       .Hash(advert.commitment)
                       .bytes());
  EXPECT_EQ(AdvertHash(kRound, 7, advert), Sha256::Of(bytes));
  advert.signature.bytes.fill(std::byte{9});
  EXPECT_EQ(AdvertBytes(kRound, 7, advert), bytes);
  EXPECT_NE(AdvertBytes(kRound, 8, advert), bytes);
}

TEST(DeriveShareTest, ShareHashIsBoundToOwnerHolderKindAndShare) {
  const auto share = CountedBytes<32>(0), other = CountedBytes<32>(1);
  const auto hash = ShareHash(kCohort, 1, 2, ShareKind::kMaskKey, share);
  EXPECT_EQ(hash, Transcript("share-hash").Hash(kCohort).U32(1).U32(2).U32(1).Field(share).Digest());
  EXPECT_NE(hash, ShareHash(kRound, 1, 2, ShareKind::kMaskKey, share));
  EXPECT_NE(hash, ShareHash(kCohort, 2, 1, ShareKind::kMaskKey, share));
  EXPECT_NE(hash, ShareHash(kCohort, 1, 2, ShareKind::kSelfMask, share));
  EXPECT_NE(hash, ShareHash(kCohort, 1, 2, ShareKind::kMaskKey, other));
}

TEST(DeriveShareTest, EveryByteOfEverySealedShareIsSigned) {
  std::vector<SealedShare> shares(2);
  shares[1].peer = 4;
  std::set<Bytes> seen = {SharesBytes(kCohort, 1, shares), SharesBytes(kCohort, 2, shares),
                          SharesBytes(kRound, 1, shares),
                          SharesBytes(kCohort, 1, std::span(shares).first(1))};
  for (SealedShare& share : shares) {
    for (std::byte* byte : {&share.sealed[0], &share.sealed[100], &share.mask_key_hash.bytes[31],
                            &share.self_mask_hash.bytes[0]}) {
      *byte = std::byte{1};
      seen.insert(SharesBytes(kCohort, 1, shares));
    }
    share.peer += 10;
    seen.insert(SharesBytes(kCohort, 1, shares));
  }
  EXPECT_EQ(seen.size(), 4 + 2 * 5u);
}

TEST(DeriveUnmaskTest, EveryRevealedShareIsSignedWithOwnerAndKind) {
  std::vector<RevealedShare> shares(2);
  const SiteSet u3 = SiteSet::All(5);
  std::set<Bytes> seen = {UnmaskBytes(kCohort, 1, u3, shares), UnmaskBytes(kCohort, 2, u3, shares),
                          UnmaskBytes(kCohort, 1, SiteSet(5), shares),
                          UnmaskBytes(kCohort, 1, u3, std::span(shares).first(1))};
  for (RevealedShare& share : shares) {
    share.owner += 3;
    seen.insert(UnmaskBytes(kCohort, 1, u3, shares));
    share.kind = ShareKind::kMaskKey;
    seen.insert(UnmaskBytes(kCohort, 1, u3, shares));
    share.share[31] = std::byte{1};
    seen.insert(UnmaskBytes(kCohort, 1, u3, shares));
  }
  EXPECT_EQ(seen.size(), 4 + 2 * 3u);
}

TEST(DeriveSignedTest, NoTwoSteppedMessagesShareBytes) {
  const SiteSet all = SiteSet::All(5);
  SiteSet some = all;
  some.Remove(2);
  const std::set<Bytes> messages = {
      DeliveryBytes(kCohort, all),
      DeliveryBytes(kCohort, some),
      MaskedBytes(kCohort, 1, all, {}),
      MaskedBytes(kCohort, 1, some, {}),
      MaskedBytes(kCohort, 1, all, {.bytes = 4, .object = {}, .signature = {}}),
      MaskedBytes(kCohort, 1, all, {.bytes = 0, .object = kRound, .signature = {}}),
      SurvivorsBytes(kCohort, all, some),
      SurvivorsBytes(kCohort, some, all),
      AgreedBytes(kCohort, 1, all, some),
      AgreedBytes(kCohort, 2, all, some),
      AgreedBytes(kCohort, 1, some, some),
      ComplaintBytes(kCohort,
                     {.accused = 1, .kind = ComplaintKind::kWrongHash, .evidence = {}, .signature = {}}),
      ComplaintBytes(kCohort,
                     {.accused = 2, .kind = ComplaintKind::kWrongHash, .evidence = {}, .signature = {}}),
      ComplaintBytes(kCohort,
                     {.accused = 1, .kind = ComplaintKind::kWrongNames, .evidence = {}, .signature = {}}),
      AbortBytes(kRound, "deadline"),
      AbortBytes(kRound, "floor"),
      CommitBytes(kRound, all, Filled(1), Filled(2)),
      CommitBytes(kRound, all, Filled(2), Filled(1)),
  };
  EXPECT_EQ(messages.size(), 18u);
}

}  // namespace
}  // namespace cairn::secagg

#include "privacy/crypto/agreement.h"

#include <gtest/gtest.h>

#include <concepts>
#include <string>
#include <thread>
#include <vector>

#include "tests/testing/fixed_bytes.h"

namespace cairn {
namespace {

static_assert(!std::copyable<Agreement>);
static_assert(!std::same_as<MaskKey, ShareKey>);

AgreementPublic Public(std::string_view hex) { return {FixedBytes<32>(hex)}; }

std::string X25519(std::string_view k, std::string_view u) {
  return HexOf(Agreement::FromSecret(FixedBytes<32>(k)).Derive(Public(u)).value());
}

constexpr std::string_view kAlice = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
                           kBob = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";

TEST(AgreementTest, GivesTheVectorsOfRfc7748Section52) {
  EXPECT_EQ(X25519("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                   "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  EXPECT_EQ(X25519("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
                   "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"),
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

TEST(AgreementTest, GivesTheIteratedVectorsOfRfc7748Section52) {
  std::string k = "0900000000000000000000000000000000000000000000000000000000000000", u = k;
  for (int i = 1; i <= 1000; ++i) {
    std::string next = X25519(k, u);
    u = std::exchange(k, std::move(next));
    if (i == 1) {
      ASSERT_EQ(k, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    }
  }
  EXPECT_EQ(k, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

TEST(AgreementTest, GivesTheExchangeOfRfc7748Section61) {
  const auto alice = MaskKey::FromSecret(FixedBytes<32>(kAlice)),
             bob = MaskKey::FromSecret(FixedBytes<32>(kBob));
  EXPECT_EQ(ToHex(alice.public_key().bytes),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(ToHex(bob.public_key().bytes),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const std::string_view shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(HexOf(alice.Derive(bob.public_key()).value()), shared);
  EXPECT_EQ(HexOf(bob.Derive(alice.public_key()).value()), shared);
}

TEST(AgreementTest, KeysOfLowOrderAreRefused) {
  const std::string ones(60, 'f'), zeros(62, '0');
  const Agreement own = Agreement::Generate();
  for (const std::string& hex :
       {"00" + zeros, "01" + zeros,
        std::string("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        std::string("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"), "ec" + ones + "7f",
        "ed" + ones + "7f", "ee" + ones + "7f"}) {
    const auto shared = own.Derive(Public(hex));
    ASSERT_FALSE(shared.ok()) << hex;
    EXPECT_EQ(shared.status().id(), errors::kSecAggKey);
    EXPECT_NE(shared.status().what().find(hex.substr(0, 8)), std::string::npos) << shared.status().what();
  }
}

TEST(AgreementTest, SecretComesBackAsItWasGivenAndOutlivesAMove) {
  const auto secret = FixedBytes<32>(kAlice);
  Agreement first = Agreement::FromSecret(secret);
  const Agreement second = std::move(first);
  EXPECT_EQ(HexOf(second.secret()), kAlice);
  const auto again = Agreement::FromSecret(second.secret().Reveal(RevealSecret{}).first<32>());
  EXPECT_EQ(again.public_key(), second.public_key());
}

TEST(AgreementTest, EveryGeneratedKeyIsAnother) {
  const auto a = ShareKey::Generate(), b = ShareKey::Generate();
  EXPECT_NE(a.public_key(), b.public_key());
  EXPECT_TRUE(a.Derive(b.public_key()).value() == b.Derive(a.public_key()).value());
}

TEST(AgreementTest, OneKeyServesSeveralThreads) {
  const auto own = MaskKey::FromSecret(FixedBytes<32>(kAlice));
  const auto peer = MaskKey::FromSecret(FixedBytes<32>(kBob)).public_key();
  const SecretBytes expected = own.Derive(peer).value();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) EXPECT_TRUE(own.Derive(peer).value() == expected);
    });
  }
}

TEST(AgreementTest, KeysAreMadeAndUsedWhenTheLockedHeapIsFull) {
  const auto early = MaskKey::Generate();
  std::vector<SecretBytes> fill;
  for (int i = 0; i < 40'000; ++i) fill.emplace_back(32);  // more than it has room for
  const auto late = MaskKey::Generate();
  const std::vector<AgreementPublic> peers(3, early.public_key());
  EXPECT_TRUE(early.Derive(late.public_key()).value() == late.Derive(early.public_key()).value());
  EXPECT_TRUE(early.Derive(late.public_key()).value() == late.DeriveAll(peers).value()[2]);
  const SecretBytes secret = late.secret();
  EXPECT_EQ(MaskKey::FromSecret(secret.Reveal(RevealSecret{}).first<32>()).public_key(), late.public_key());
}

}  // namespace
}  // namespace cairn

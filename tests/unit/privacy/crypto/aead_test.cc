#include "privacy/crypto/aead.h"

#include <gtest/gtest.h>

#include <concepts>
#include <set>

#include "privacy/crypto/secure_random.h"
#include "tests/testing/fixed_bytes.h"

namespace cairn {
namespace {

static_assert(!std::copyable<AeadKey>);

struct GcmVector {
  std::string key, nonce, plain, associated, sealed;
};

// "The Galois/Counter Mode of Operation" (McGrew and Viega 2005), appendix B.
const std::string kKey16 = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
                  kPlain16 =
                      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
const GcmVector kVectors[] = {
    {std::string(64, '0'), std::string(24, '0'), "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {std::string(64, '0'), std::string(24, '0'), std::string(32, '0'), "",
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {kKey16, "cafebabefacedbaddecaf888", kPlain16, "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

AeadKey KeyOf(std::string_view hex) { return AeadKey(SecretBytes::CopyOf(*FromHex(hex))); }

TEST(AeadKeyTest, GivesCases13And14And16OfTheGcmSpecification) {
  for (const GcmVector& vector : kVectors) {
    const AeadKey key = KeyOf(vector.key);
    const Bytes associated = *FromHex(vector.associated);
    const Bytes sealed = key.SealWithNonce(FixedBytes<12>(vector.nonce), *FromHex(vector.plain), associated);
    EXPECT_EQ(ToHex(sealed), vector.nonce + vector.sealed);
    EXPECT_EQ(HexOf(key.Open(sealed, associated).value()), vector.plain);
  }
}

TEST(AeadKeyTest, EveryFlippedBitCutAndAddedByteIsRefused) {
  const AeadKey key(SecureRandom::Secret(AeadKey::kKeyBytes));
  const Bytes sealed = key.Seal(AsBytes("share"), AsBytes("0 to 1"));
  ASSERT_EQ(sealed.size(), 5 + AeadKey::kOverhead);
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes broken = sealed;
    broken[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_EQ(key.Open(broken, AsBytes("0 to 1")).status().id(), errors::kSecAggSealed) << bit;
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(key.Open(std::span(sealed).first(size), AsBytes("0 to 1")).ok()) << size;
  }
  Bytes longer = sealed;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(key.Open(longer, AsBytes("0 to 1")).ok());
}

TEST(AeadKeyTest, AnotherContextOrKeyDoesNotOpen) {
  const AeadKey key(SecureRandom::Secret(32)), other(SecureRandom::Secret(32));
  const Bytes sealed = key.Seal(AsBytes("share"), AsBytes("0 to 1"));
  EXPECT_FALSE(key.Open(sealed, AsBytes("1 to 0")).ok());
  EXPECT_FALSE(key.Open(sealed, {}).ok());
  EXPECT_FALSE(other.Open(sealed, AsBytes("0 to 1")).ok());
  EXPECT_EQ(key.Open(sealed, AsBytes("0 to 1")).value().RevealText(RevealSecret{}), "share");
}

TEST(AeadKeyTest, EverySealHasItsOwnNonce) {
  const AeadKey key(SecureRandom::Secret(32));
  std::set<Bytes> nonces;
  for (int i = 0; i < 200; ++i) {
    const Bytes sealed = key.Seal(AsBytes("same"), {});
    nonces.emplace(sealed.begin(), sealed.begin() + AeadKey::kNonceBytes);
  }
  EXPECT_EQ(nonces.size(), 200u);
}

}  // namespace
}  // namespace cairn

// What an adversary may hand to the primitives: points of low order, encodings that are not the canonical
// one, signatures that were changed into others of the same message, sealed messages put together anew.
// Inputs follow from the standards' own algebra (RFC 7748, RFC 8032, NIST SP 800-38D), computed here with
// OpenSSL's large numbers where they are not plain to see.

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "privacy/crypto/aead.h"
#include "privacy/crypto/agreement.h"
#include "privacy/crypto/keys.h"
#include "privacy/crypto/secure_random.h"
#include "privacy/crypto/x25519_lanes.h"
#include "tests/testing/fixed_bytes.h"

namespace cairn {
namespace {

using Bytes32 = std::array<std::byte, 32>;

// A number modulo the prime or the order of a group; as small as these tests need it.
class Number {
 public:
  explicit Number(unsigned long value = 0) { BN_set_word(bn_.get(), value); }
  static Number FromHex(const char* hex) {
    Number result;
    BIGNUM* bn = result.bn_.get();
    BN_hex2bn(&bn, hex);
    return result;
  }
  static Number FromLittleEndian(std::span<const std::byte> bytes) {
    Number result;
    BN_lebin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()),
                result.bn_.get());
    return result;
  }
  Bytes32 bytes() const {
    Bytes32 out;
    EXPECT_EQ(BN_bn2lebinpad(bn_.get(), reinterpret_cast<unsigned char*>(out.data()), 32), 32);
    return out;
  }
  Number Mod(const Number& m) const {
    Number result;
    BN_nnmod(result.bn_.get(), bn_.get(), m.bn_.get(), Context());
    return result;
  }
  friend Number operator+(const Number& a, const Number& b) {
    Number result;
    BN_add(result.bn_.get(), a.bn_.get(), b.bn_.get());
    return result;
  }
  friend Number operator-(const Number& a, const Number& b) {
    Number result;
    BN_sub(result.bn_.get(), a.bn_.get(), b.bn_.get());
    return result;
  }
  friend Number operator*(const Number& a, const Number& b) {
    Number result;
    BN_mul(result.bn_.get(), a.bn_.get(), b.bn_.get(), Context());
    return result;
  }
  friend bool operator==(const Number& a, const Number& b) { return BN_cmp(a.bn_.get(), b.bn_.get()) == 0; }

 private:
  static BN_CTX* Context() {
    static BN_CTX* const context = BN_CTX_new();
    return context;
  }
  std::shared_ptr<BIGNUM> bn_{BN_new(), BN_free};  // never changed once it is made
};

const Number kPrime = Number::FromHex("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
const Number kOrder = Number::FromHex("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed");

Bytes32 WithTopBit(Bytes32 bytes) {
  bytes[31] |= std::byte{0x80};
  return bytes;
}

// ---- X25519

// u of the points of order 1, 2, 4 and 8 on the curve and its twist, which is all there are: the curve's
// cofactor is 8, the twist's 4.
const std::vector<Number>& LowOrder() {
  static const std::vector<Number> points = {
      Number(0), Number(1), kPrime - Number(1),
      Number::FromLittleEndian(
          FixedBytes<32>("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")),
      Number::FromLittleEndian(
          FixedBytes<32>("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"))};
  return points;
}

TEST(X25519AlgebraTest, ThePointsOfOrderEightDoubleToOneOfOrderFour) {
  for (std::size_t i = 3; i < 5; ++i) {  // the double of u is (u² − 1)² / (4 u (u² + A u + 1)), here 1
    const Number& u = LowOrder()[i];
    const Number square = u * u, above = square - Number(1);
    EXPECT_EQ((above * above).Mod(kPrime),
              (Number(4) * u * (square + Number(486662) * u + Number(1))).Mod(kPrime));
  }
}

class HostilePointsTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!ForceX25519(GetParam())) GTEST_SKIP() << "this CPU has no " << GetParam();
  }
  void TearDown() override { ForceX25519("auto"); }
};

TEST_P(HostilePointsTest, EveryEncodingOfAPointOfLowOrderIsRefusedInEveryPlace) {
  const MaskKey own = MaskKey::Generate();
  const AgreementPublic good = MaskKey::Generate().public_key();
  std::vector<Bytes32> encodings;
  for (const Number& u : LowOrder()) encodings.push_back(u.bytes());
  for (const unsigned long u : {0, 1}) encodings.push_back((kPrime + Number(u)).bytes());
  for (std::size_t i = 7; i-- > 0;) encodings.push_back(WithTopBit(encodings[i]));
  ASSERT_EQ(encodings.size(), 14u);
  for (const Bytes32& encoding : encodings) {
    EXPECT_EQ(own.Derive({encoding}).status().id(), errors::kSecAggKey) << ToHex(encoding);
    for (std::size_t place = 0; place < 10; ++place) {
      std::vector<AgreementPublic> peers(10, good);
      peers[place].bytes = encoding;
      EXPECT_EQ(own.DeriveAll(peers).status().id(), errors::kSecAggKey) << ToHex(encoding) << " " << place;
    }
  }
}

// RFC 7748 section 5: the top bit is masked, and numbers from the prime to 2^255 − 1 are taken modulo it.
TEST_P(HostilePointsTest, OtherEncodingsOfAPointGiveTheSameSecret) {
  const MaskKey own = MaskKey::Generate();
  for (unsigned long u = 2; u < 19; ++u) {
    const Bytes32 canonical = Number(u).bytes(), above = (kPrime + Number(u)).bytes();
    const std::vector<AgreementPublic> peers = {
        {canonical}, {above}, {WithTopBit(canonical)}, {WithTopBit(above)}};
    const SecretBytes expected = own.Derive(peers[0]).value();
    const auto all = own.DeriveAll(peers);
    ASSERT_TRUE(all.ok());
    for (std::size_t i = 0; i < peers.size(); ++i) {
      EXPECT_TRUE((*all)[i] == expected) << u << ", encoding " << i;
      EXPECT_TRUE(own.Derive(peers[i]).value() == expected) << u << ", encoding " << i;
    }
  }
}

// RFC 7748 section 5: three low bits and the two highest of a private key say nothing.
TEST_P(HostilePointsTest, BitsThatAreClampedChangeNoSecret) {
  const SecretBytes secret = SecureRandom::Secret(32);
  Bytes32 clamped, other;
  std::ranges::copy(secret.Reveal(RevealSecret{}), clamped.begin());
  other = clamped;
  clamped[0] &= std::byte{0xf8};
  clamped[31] = (clamped[31] & std::byte{0x3f}) | std::byte{0x40};
  other[0] |= std::byte{7};
  other[31] |= std::byte{0x80};
  other[31] &= ~std::byte{0x40};
  const MaskKey a = MaskKey::FromSecret(clamped), b = MaskKey::FromSecret(other);
  EXPECT_EQ(a.public_key(), b.public_key());
  const std::vector<AgreementPublic> peers(3, MaskKey::Generate().public_key());
  EXPECT_TRUE(a.DeriveAll(peers).value()[1] == b.DeriveAll(peers).value()[2]);
}

INSTANTIATE_TEST_SUITE_P(Ways, HostilePointsTest, testing::Values("ifma", "openssl"),
                         [](const auto& way) { return std::string(way.param); });

// ---- Ed25519

Signature Of(const Bytes32& r, const Bytes32& s) {
  Signature signature;
  std::ranges::copy(s, std::ranges::copy(r, signature.bytes.begin()).out);
  return signature;
}
Bytes32 HalfOf(const Signature& signature, std::size_t half) {
  Bytes32 out;
  std::copy_n(signature.bytes.begin() + static_cast<std::ptrdiff_t>(32 * half), 32, out.begin());
  return out;
}

// SHA-512 of the parts, as a number modulo the group's order.
Number Hash512(std::initializer_list<std::span<const std::byte>> parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  std::array<std::byte, 64> digest;
  EVP_Digest(all.data(), all.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha512(),
             nullptr);
  return Number::FromLittleEndian(digest).Mod(kOrder);
}

const Bytes32 kIdentity = Number(1).bytes();  // the point (0, 1), canonical

// A signer who takes r = 0 and may write R = (0, 1) as it likes.
class LazySigner {
 public:
  LazySigner() {
    std::array<std::byte, 64> digest;
    EVP_Digest(seed_.data(), seed_.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
               EVP_sha512(), nullptr);
    digest[0] &= std::byte{0xf8};
    digest[31] = (digest[31] & std::byte{0x7f}) | std::byte{0x40};
    scalar_ = Number::FromLittleEndian(std::span(digest).first<32>());
  }
  const VerifyKey& key() const { return key_; }
  Signature Sign(std::span<const std::byte> message, const Bytes32& r) const {
    return Of(r, (Hash512({r, key_.bytes, message}) * scalar_).Mod(kOrder).bytes());
  }

 private:
  Bytes32 seed_ = CountedBytes<32>(3);
  VerifyKey key_ = SigningKey::FromSeed(seed_).verify_key();
  Number scalar_;
};

TEST(HostileSignaturesTest, AddingTheOrderToSGivesNoSecondSignature) {
  const SigningKey key = SigningKey::Generate();
  const Signature good = key.Sign(AsBytes("u3"));
  ASSERT_TRUE(key.verify_key().Verifies(AsBytes("u3"), good));
  Number s = Number::FromLittleEndian(HalfOf(good, 1));
  for (int times = 1; times < 15; ++times) {  // up to the last that fits 32 bytes
    s = s + kOrder;
    EXPECT_FALSE(key.verify_key().Verifies(AsBytes("u3"), Of(HalfOf(good, 0), s.bytes()))) << times;
  }
}

TEST(HostileSignaturesTest, TheSignBitAndHighBitsOfAGoodSignatureCannotBeSet) {
  const SigningKey key = SigningKey::Generate();
  const Signature good = key.Sign(AsBytes("u3"));
  for (const std::size_t bit : {31 * 8 + 7, 63 * 8 + 5, 63 * 8 + 6, 63 * 8 + 7}) {
    Signature other = good;
    other.bytes[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_FALSE(key.verify_key().Verifies(AsBytes("u3"), other)) << bit;
  }
}

// RFC 8032 section 5.1.3: y ≥ p does not decode.
TEST(HostileSignaturesTest, ROfAnotherEncodingIsRefused) {
  const LazySigner signer;
  ASSERT_TRUE(signer.key().Verifies(AsBytes("u3"), signer.Sign(AsBytes("u3"), kIdentity)))
      << "r = 0 is unwise, but the equation holds";
  for (const Bytes32& r :
       {(kPrime + Number(1)).bytes(), WithTopBit(kIdentity), WithTopBit((kPrime + Number(1)).bytes())}) {
    EXPECT_FALSE(signer.key().Verifies(AsBytes("u3"), signer.Sign(AsBytes("u3"), r))) << ToHex(r);
  }
}

// y of the points of order 8: those whose double has y = 0, so d y⁴ + 2 y² = 1 with d = −121665 / 121666.
const char* const kOrderEight[] = {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                                   "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"};

TEST(Ed25519AlgebraTest, ThePointsOfOrderEightDoubleToOneOfOrderFour) {
  for (const char* hex : kOrderEight) {
    const Number y = Number::FromLittleEndian(FixedBytes<32>(hex)), square = y * y;
    EXPECT_EQ((Number(2 * 121666) * square - Number(121665) * square * square - Number(121666)).Mod(kPrime),
              Number(0));
  }
}

// Under a key of low order S = 0 and some R of low order verify for every eighth message or for all: such a
// key binds nobody to anything.
TEST(HostileSignaturesTest, AKeyOfLowOrderVerifiesNothing) {
  std::vector<Bytes32> points = {Number(0).bytes(), kIdentity, (kPrime - Number(1)).bytes(), kPrime.bytes(),
                                 (kPrime + Number(1)).bytes()};
  for (const char* hex : kOrderEight) points.push_back(FixedBytes<32>(hex));
  for (std::size_t i = points.size(); i-- > 0;) points.push_back(WithTopBit(points[i]));
  const Bytes32 zero{};
  for (const Bytes32& key : points) {
    for (const Bytes32& r : points) {
      for (int message = 0; message < 16; ++message) {
        const std::byte text[] = {static_cast<std::byte>(message)};
        EXPECT_FALSE(VerifyKey{key}.Verifies(text, Of(r, zero))) << ToHex(key) << " " << ToHex(r);
      }
    }
  }
}

// ---- AES-256-GCM

class SealedTest : public testing::Test {
 protected:
  bool Opens(std::span<const std::byte> sealed, std::string_view associated) const {
    const auto opened = key.Open(sealed, AsBytes(associated));
    EXPECT_TRUE(opened.ok() || opened.status().id() == errors::kSecAggSealed);
    return opened.ok();
  }
  AeadKey key{SecureRandom::Secret(AeadKey::kKeyBytes)};
  const Bytes first = key.Seal(AsBytes("sixteen bytes of"), AsBytes("0 to 1"));
  const Bytes second = key.Seal(AsBytes("sixteen byte two"), AsBytes("0 to 1"));
  static constexpr std::ptrdiff_t kTag = AeadKey::kTagBytes, kNonce = AeadKey::kNonceBytes;
};

TEST_F(SealedTest, AShorterTagIsNoTag) {
  for (std::ptrdiff_t kept = 0; kept < kTag; ++kept) {
    Bytes cut(first.begin(), first.end() - kTag + kept);
    EXPECT_FALSE(Opens(cut, "0 to 1")) << kept;
    cut.resize(first.size());  // zeros where the tag is cut
    EXPECT_EQ(Opens(cut, "0 to 1"), cut == first) << kept;
  }
}

TEST_F(SealedTest, ATagOfAnotherMessageDoesNotFit) {
  for (const auto& [from, size] : {std::pair(first.size() - kTag, kTag), std::pair(std::size_t{0}, kNonce)}) {
    Bytes mixed = first;
    std::copy_n(second.begin() + static_cast<std::ptrdiff_t>(from), size,
                mixed.begin() + static_cast<std::ptrdiff_t>(from));
    EXPECT_FALSE(Opens(mixed, "0 to 1")) << from;
  }
}

// GHASH runs over associated data and ciphertext alike; only their lengths, hashed last, keep them apart.
TEST_F(SealedTest, BytesDoNotMoveBetweenAssociatedDataAndCiphertext) {
  const Bytes sealed = key.Seal(AsBytes("sixteen bytes of"), AsBytes("sixteen too, yes"));
  ASSERT_TRUE(Opens(sealed, "sixteen too, yes"));
  Bytes moved(sealed.begin(), sealed.begin() + kNonce);
  const auto context = AsBytes("sixteen too, yes");
  moved.insert(moved.end(), context.begin(), context.end());
  moved.insert(moved.end(), sealed.begin() + kNonce, sealed.end());
  EXPECT_FALSE(Opens(moved, ""));
  Bytes emptied(sealed.begin(), sealed.begin() + kNonce);
  emptied.insert(emptied.end(), sealed.end() - kTag, sealed.end());
  const std::string both = "sixteen too, yes" + std::string(AsText(std::span(sealed).subspan(kNonce, 16)));
  EXPECT_FALSE(Opens(emptied, both));
}

TEST_F(SealedTest, ZeroPaddingIsAnotherMessage) {
  EXPECT_FALSE(Opens(first, std::string("0 to 1\0", 7)));
  Bytes padded(first.begin(), first.end() - kTag);
  padded.push_back(std::byte{0});
  padded.insert(padded.end(), first.end() - kTag, first.end());
  EXPECT_FALSE(Opens(padded, "0 to 1"));
}

TEST_F(SealedTest, OfAnEmptyMessageOnlyItsOwnTagOpens) {
  const Bytes empty = key.Seal({}, AsBytes("0 to 1"));
  ASSERT_TRUE(Opens(empty, "0 to 1"));
  for (std::size_t bit = 0; bit < empty.size() * 8; ++bit) {
    Bytes broken = empty;
    broken[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_FALSE(Opens(broken, "0 to 1")) << bit;
  }
}

}  // namespace
}  // namespace cairn

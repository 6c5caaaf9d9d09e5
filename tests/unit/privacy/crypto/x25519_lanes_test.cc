#include "privacy/crypto/x25519_lanes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "privacy/crypto/agreement.h"
#include "tests/testing/fixed_bytes.h"

namespace cairn {
namespace {

using Point = std::array<std::byte, kX25519Bytes>;
using Eight = std::array<Point, kX25519Lanes>;

constexpr std::string_view kNine = "0900000000000000000000000000000000000000000000000000000000000000";

Eight AllOf(const Point& point) {
  Eight all;
  all.fill(point);
  return all;
}

Point RandomPoint(RandomStream& random) {
  Point point;
  for (std::byte& byte : point) byte = static_cast<std::byte>(random.NextU32());
  return point;
}

// The oracle: OpenSSL; zero where it refuses.
Point Expected(const Point& scalar, const Point& point) {
  const Result<SecretBytes> shared = Agreement::FromSecret(scalar).Derive({point});
  Point product{};
  if (shared.ok()) std::ranges::copy(shared->Reveal(RevealSecret{}), product.begin());
  return product;
}

#if defined(__x86_64__)
class X25519LanesTest : public ::testing::TestWithParam<const X25519Lanes*> {
 protected:
  void SetUp() override {
    if (!GetParam()->supported()) GTEST_SKIP() << "this CPU has no " << GetParam()->name;
  }
  static Eight Multiply(const Eight& scalars, const Eight& points) {
    Eight shared;
    GetParam()->multiply(scalars[0].data(), points[0].data(), shared[0].data());
    return shared;
  }
  static void ExpectOracle(const Eight& scalars, const Eight& points) {
    const Eight shared = Multiply(scalars, points);
    for (std::size_t i = 0; i < kX25519Lanes; ++i) {
      ASSERT_EQ(ToHex(shared[i]), ToHex(Expected(scalars[i], points[i])))
          << "lane " << i << ", " << ToHex(scalars[i]) << " · " << ToHex(points[i]);
    }
  }
};

TEST_P(X25519LanesTest, GivesTheVectorsOfRfc7748Section52) {
  Eight scalars = AllOf(FixedBytes<32>("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"));
  Eight points = AllOf(FixedBytes<32>("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"));
  scalars[5] = FixedBytes<32>("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d");
  points[5] = FixedBytes<32>("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493");
  const Eight shared = Multiply(scalars, points);
  EXPECT_EQ(ToHex(shared[0]), "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  EXPECT_EQ(ToHex(shared[5]), "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

// Lane i is i steps ahead of lane 0, so all lanes hold different values all the time.
TEST_P(X25519LanesTest, GivesTheIteratedVectorsOfRfc7748Section52InEveryLane) {
  Eight k = AllOf(FixedBytes<32>(kNine)), u = k;
  for (std::size_t step = 1; step <= 1007; ++step) {
    const Eight next = Multiply(k, u);
    for (std::size_t lane = 0; lane < kX25519Lanes; ++lane) {
      if (step + lane < kX25519Lanes) continue;  // not yet on its way
      u[lane] = k[lane];
      k[lane] = next[lane];
      const std::size_t done = step + lane - (kX25519Lanes - 1);
      if (done == 1) {
        ASSERT_EQ(ToHex(k[lane]), "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079") << lane;
      }
      if (done == 1000) {
        ASSERT_EQ(ToHex(k[lane]), "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51") << lane;
      }
    }
  }
}

TEST_P(X25519LanesTest, EqualsOpenSslForRandomKeys) {
  RandomStream random = SeededRandom(1).Open({});
  for (int round = 0; round < 300; ++round) {
    Eight scalars, points;
    for (std::size_t i = 0; i < kX25519Lanes; ++i) {
      scalars[i] = RandomPoint(random);
      points[i] = RandomPoint(random);
    }
    ExpectOracle(scalars, points);
  }
}

// Around 0, the prime, 2^255 and every border of a limb; beyond the prime points are taken modulo it.
TEST_P(X25519LanesTest, EqualsOpenSslForPointsAtTheEdges) {
  std::vector<Point> edges;
  for (const int bit : {0, 8, 50, 51, 52, 101, 102, 153, 204, 254, 255}) {
    Point one{}, ones{};
    one[static_cast<std::size_t>(bit / 8)] = static_cast<std::byte>(1u << bit % 8);
    for (int b = 0; b <= bit; ++b)
      ones[static_cast<std::size_t>(b / 8)] |= static_cast<std::byte>(1u << b % 8);
    edges.push_back(one);
    edges.push_back(ones);
  }
  for (int low = 0xe8; low <= 0xff; ++low) {  // 2^255 − 24 … 2^255 − 1, and with the bit that is not used
    Point point;
    point.fill(std::byte{0xff});
    point[0] = static_cast<std::byte>(low);
    edges.push_back(point);
    point[31] = std::byte{0x7f};
    edges.push_back(point);
  }
  for (const char* hex : {"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                          "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"}) {
    edges.push_back(FixedBytes<32>(hex));
  }
  RandomStream random = SeededRandom(2).Open({});
  for (std::size_t at = 0; at < edges.size(); ++at) {
    Eight scalars, points;
    for (std::size_t i = 0; i < kX25519Lanes; ++i) {
      points[i] = edges[(at + i) % edges.size()];
      scalars[i] = i % 2 == 0 ? edges[random.Below(edges.size())] : RandomPoint(random);
    }
    ExpectOracle(scalars, points);
  }
}

TEST_P(X25519LanesTest, LanesThatDifferAreFound) {
  EXPECT_TRUE(AgreesWithOpenSsl(*GetParam()));
  X25519Lanes broken = *GetParam();
  broken.multiply = [](const std::byte* scalars, const std::byte* points, std::byte* shared) {
    kIfmaX25519.multiply(scalars, points, shared);
    shared[kX25519Lanes * kX25519Bytes - 1] ^= std::byte{1};
  };
  EXPECT_FALSE(AgreesWithOpenSsl(broken));
}

INSTANTIATE_TEST_SUITE_P(Levels, X25519LanesTest, ::testing::Values(&kIfmaX25519),
                         [](const auto& level) { return std::string(level.param->name); });
#endif

class DeriveAllTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!ForceX25519(GetParam())) GTEST_SKIP() << "this CPU has no " << GetParam();
  }
  void TearDown() override { ForceX25519("auto"); }
};

TEST_P(DeriveAllTest, GivesWhatDeriveGivesForEveryNumberOfPeers) {
  RandomStream random = SeededRandom(3).Open({});
  const auto own = MaskKey::FromSecret(RandomPoint(random));
  for (std::size_t count = 0; count <= 26; ++count) {
    std::vector<AgreementPublic> peers(count);
    for (AgreementPublic& peer : peers) peer.bytes = RandomPoint(random);
    const auto shared = own.DeriveAll(peers);
    ASSERT_TRUE(shared.ok());
    ASSERT_EQ(shared->size(), count);
    for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE((*shared)[i] == own.Derive(peers[i]).value()) << i;
  }
}

TEST_P(DeriveAllTest, APeerOfLowOrderIsNamed) {
  const auto own = ShareKey::Generate();
  for (std::size_t count = 1; count <= 12; ++count) {
    std::vector<AgreementPublic> peers(count, AgreementPublic{FixedBytes<32>(kNine)});
    peers.back().bytes = FixedBytes<32>("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
    const auto shared = own.DeriveAll(peers);
    ASSERT_FALSE(shared.ok());
    EXPECT_EQ(shared.status().id(), errors::kSecAggKey);
    EXPECT_NE(shared.status().what().find("e0eb7a7c"), std::string::npos) << shared.status().what();
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, DeriveAllTest, ::testing::Values("ifma", "openssl"),
                         [](const auto& way) { return std::string(way.param); });

TEST(X25519ChoiceTest, TheLanesOfThisMachineAgree) {
  EXPECT_FALSE(X25519Fault());
  EXPECT_FALSE(ForceX25519("another"));
}

}  // namespace
}  // namespace cairn

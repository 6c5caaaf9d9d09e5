#include "privacy/secagg/shared/site_set.h"

#include <gtest/gtest.h>

#include <set>

#include "core/base/random.h"
#include "privacy/secagg/shared/transcript.h"
#include "tests/testing/fixed_bytes.h"

namespace cairn::secagg {
namespace {

SiteSet Of(std::size_t universe, const std::set<Position>& members) {
  SiteSet set(universe);
  for (const Position p : members) set.Add(p);
  return set;
}

TEST(SiteSetTest, BitmapHasTheLowestBitOfTheFirstByteForSiteZero) {
  EXPECT_EQ(ToHex(Of(11, {0, 3, 8, 10}).bitmap()), "0905");
  EXPECT_EQ(ToHex(SiteSet::All(11).bitmap()), "ff07");
  EXPECT_EQ(ToHex(SiteSet::All(16).bitmap()), "ffff");
  EXPECT_TRUE(SiteSet().bitmap().empty());
}

TEST(SiteSetTest, AgreesWithASetOfNumbers) {
  RandomStream random = SeededRandom(7).Open({Purpose::kTest, 1});
  for (std::size_t universe = 1; universe < 70; ++universe) {
    std::set<Position> a, b, difference;
    for (Position p = 0; p < universe; ++p) {
      if (random.Below(2) == 0) a.insert(p);
      if (random.Below(3) == 0) b.insert(p);
      if (a.count(p) != b.count(p)) difference.insert(p);
    }
    const SiteSet one = Of(universe, a), two = Of(universe, b);
    EXPECT_EQ(one.size(), a.size());
    EXPECT_EQ(one.Members(), std::vector<Position>(a.begin(), a.end()));
    EXPECT_EQ(one.DistanceTo(two), difference.size());
    EXPECT_EQ(one.IsSubsetOf(two), std::includes(b.begin(), b.end(), a.begin(), a.end()));
    EXPECT_EQ(SiteSet::FromBitmap(universe, one.bitmap()).value(), one);
    EXPECT_TRUE(one.IsSubsetOf(SiteSet::All(universe)));
  }
}

TEST(SiteSetTest, AddingAndRemovingTwiceChangesNothing) {
  SiteSet set(9);
  set.Add(8);
  set.Add(8);
  EXPECT_EQ(set.size(), 1u);
  set.Remove(8);
  set.Remove(8);
  set.Remove(100);
  EXPECT_EQ(set, SiteSet(9));
  EXPECT_FALSE(set.Has(100));
}

TEST(SiteSetTest, OtherLengthsAndSpareBitsAreRefused) {
  const auto refused = [](std::size_t universe, std::string_view hex) {
    const auto set = SiteSet::FromBitmap(universe, *FromHex(hex));
    return !set.ok() && set.status().id() == errors::kSecAggMessage;
  };
  EXPECT_TRUE(refused(9, "ff"));
  EXPECT_TRUE(refused(9, "ff0100"));
  EXPECT_TRUE(refused(8, ""));
  EXPECT_TRUE(refused(0, "00"));
  for (unsigned spare = 1; spare < 8; ++spare) {
    EXPECT_TRUE(refused(9, ToHex(Bytes{std::byte{0}, static_cast<std::byte>(1u << spare)}))) << spare;
  }
  EXPECT_TRUE(SiteSet::FromBitmap(9, *FromHex("ff01")).ok());
}

TEST(SiteSetTest, SetsOfOtherUniversesAreOtherSets) {
  EXPECT_FALSE(SiteSet(9).IsSubsetOf(SiteSet(10)));
  EXPECT_NE(SiteSet(9), SiteSet(10));
  EXPECT_NE(SiteSet(9).Hash(), SiteSet(10).Hash());
  EXPECT_EQ(Of(9, {1}).Hash(), Transcript("set").U32(9).Field(*FromHex("0200")).Digest());
  EXPECT_DEATH(SiteSet(9).Add(9), "one of U1");
}

}  // namespace
}  // namespace cairn::secagg

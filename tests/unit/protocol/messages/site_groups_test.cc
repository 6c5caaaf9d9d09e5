#include "protocol/messages/site_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "protocol/messages/manifest.h"
#include "protocol/messages/masked_layout.h"
#include "protocol/messages/readable.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

JobManifest Grouped(std::size_t sites, std::uint32_t group_size = 4) {
  JobManifest manifest;
  manifest.spec.name = "cardio";
  manifest.spec.secagg.mode = SecAggMode::kGrouped;
  manifest.spec.secagg.group_size = group_size;
  manifest.spec.secagg.rule = GroupRule::kMedian;
  for (std::size_t i = 0; i < sites; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "site-%03zu", i);
    manifest.group_sites.emplace_back(name);
  }
  manifest.group_roster = std::string(64, 'a');
  manifest.digest = std::string(64, 'b');
  return manifest;
}

// Worked out by another program, from the transcript with AES of OpenSSL. A change of this table would put
// the sites of running jobs into other groups.
TEST(SiteGroupsTest, ThePermutationIsTheOneThatWasReleased) {
  const auto groups = SiteGroups::Of(Grouped(9, 3));
  ASSERT_TRUE(groups.ok()) << groups.status().ToString();
  ASSERT_EQ(groups->count(), 3u);
  EXPECT_THAT(groups->Sites(1), ElementsAre("site-002", "site-005", "site-006"));
  EXPECT_THAT(groups->Sites(2), ElementsAre("site-000", "site-007", "site-008"));
  EXPECT_THAT(groups->Sites(3), ElementsAre("site-001", "site-003", "site-004"));
}

TEST(SiteGroupsTest, EverySiteIsInOneGroupAndNoGroupIsBelowItsSizeOrAboveTheLargest) {
  for (std::uint32_t size = 3; size <= 12; ++size) {
    for (std::size_t sites = 3 * size; sites < 80; ++sites) {
      const JobManifest manifest = Grouped(sites, size);
      const auto groups = SiteGroups::Of(manifest);
      ASSERT_TRUE(groups.ok());
      std::set<std::string> seen;
      std::size_t smallest = sites, largest = 0;
      for (std::uint32_t index = 1; index <= groups->count(); ++index) {
        const auto& members = groups->Sites(index);
        smallest = std::min(smallest, members.size());
        largest = std::max(largest, members.size());
        for (const std::string& site : members) {
          EXPECT_TRUE(seen.insert(site).second);
          EXPECT_EQ(groups->IndexOf(site), index);
        }
      }
      EXPECT_EQ(seen.size(), sites);
      EXPECT_GE(smallest, size);
      EXPECT_LE(largest, smallest + 1);
      EXPECT_LE(largest, LargestCohort(manifest.spec));
    }
  }
}

TEST(SiteGroupsTest, TheLargestAllowedGroupIsTheLargestCompleteGraph) {
  SecAggConfig secagg;
  secagg.group_size = kMaxGroupSize;
  EXPECT_EQ(LargestGroup(secagg), 128u);
}

TEST(SiteGroupsTest, AnotherManifestOrRosterDrawsOtherGroups) {
  JobManifest manifest = Grouped(40);
  const auto first = *SiteGroups::Of(manifest);
  manifest.digest.back() = 'c';
  EXPECT_NE(SiteGroups::Of(manifest)->Sites(1), first.Sites(1));
  manifest = Grouped(40);
  manifest.group_roster.back() = 'c';
  EXPECT_NE(SiteGroups::Of(manifest)->Sites(1), first.Sites(1));
}

TEST(SiteGroupsTest, TooFewSitesForTheRuleAreRefusedByName) {
  EXPECT_THAT(SiteGroups::Of(Grouped(11)).status().what(), HasSubstr("2 groups of the 11 sites"));
  JobManifest manifest = Grouped(16);
  manifest.spec.secagg.rule = GroupRule::kTrimmedMean;
  manifest.spec.secagg.trim = 2;
  EXPECT_EQ(SiteGroups::Of(manifest).status().id(), errors::kJobRefused);
  EXPECT_THAT(SiteGroups::Of(manifest).status().what(), HasSubstr("expected 5 or more"));
}

TEST(SiteGroupsTest, ListsThatNoAggregatorWritesAreRefused) {
  JobManifest manifest = Grouped(12);
  std::swap(manifest.group_sites[0], manifest.group_sites[1]);
  EXPECT_TRUE(FindGroupFault(manifest).has_value());
  manifest = Grouped(12);
  manifest.group_sites[1] = manifest.group_sites[0];
  EXPECT_TRUE(FindGroupFault(manifest).has_value());
  manifest = Grouped(12);
  manifest.group_roster = "short";
  EXPECT_TRUE(FindGroupFault(manifest).has_value());
  manifest = Grouped(12);
  manifest.spec.secagg = {};
  EXPECT_TRUE(FindGroupFault(manifest).has_value()) << "groups in a job that is not grouped";
}

TEST(SiteGroupsTest, InItsMaskingAGroupSeesNobodyElseActive) {
  const auto groups = *SiteGroups::Of(Grouped(12));
  secagg::Membership roster;
  roster.version = 5;
  for (std::size_t i = 0; i < 13; ++i)
    roster.members.push_back({i == 12 ? "zoe" : Grouped(12).group_sites[i], {}, i != 3});
  const secagg::Membership own = groups.Restrict(roster, 2);
  EXPECT_EQ(own.version, 5u);
  ASSERT_EQ(own.members.size(), 13u);
  for (std::size_t i = 0; i < 13; ++i)
    EXPECT_EQ(own.members[i].active, i != 3 && groups.IndexOf(roster.members[i].name) == 2u) << i;
}

TEST(SiteGroupsTest, TheRosterThatNamedTheSitesMustNameThese) {
  JobManifest manifest = Grouped(12);
  secagg::Membership roster;
  for (const std::string& site : manifest.group_sites) roster.members.push_back({site, {}, true});
  manifest.group_roster = roster.hash.hex();
  EXPECT_TRUE(CheckGroupSites(manifest, roster).ok());
  roster.members.back().active = false;
  EXPECT_EQ(CheckGroupSites(manifest, roster).id(), errors::kSecAggTerms);
  roster.hash.bytes[0] = std::byte{1};  // a later roster
  EXPECT_TRUE(CheckGroupSites(manifest, roster).ok());
}

TEST(SiteGroupsTest, TheDigestCoversWhatIsGrouped) {
  std::set<std::string> digests;
  const JobManifest base = Grouped(12);
  const auto add = [&](auto change) {
    JobManifest changed = base;
    change(changed);
    EXPECT_TRUE(digests.insert(ComputeDigest(changed)).second);
  };
  add([](auto&) {});
  add([](auto& m) { ++m.spec.secagg.group_size; });
  add([](auto& m) { m.spec.secagg.group_min = 3; });
  add([](auto& m) { m.spec.secagg.rule = GroupRule::kGeometricMedian; });
  add([](auto& m) { m.spec.secagg.trim = 1; });
  add([](auto& m) { m.group_sites.pop_back(); });
  add([](auto& m) { m.group_roster.back() = 'c'; });
}

TEST(ReadableTest, SaysOfEachModeWhatTheAggregatorReads) {
  JobManifest manifest = Grouped(12);
  EXPECT_THAT(ReadableWords(manifest.spec), HasSubstr("sum of each group of sites, over 4 sites or more"));
  manifest.spec.secagg = {};
  EXPECT_THAT(ReadableWords(manifest.spec), HasSubstr("one sum a round, over 4 sites or more"));
  manifest.spec.secagg.mode = SecAggMode::kOff;
  EXPECT_THAT(ReadableWords(manifest.spec), HasSubstr("every site's update"));
}

}  // namespace
}  // namespace cairn

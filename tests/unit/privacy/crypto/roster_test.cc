#include "privacy/crypto/roster.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

const UnixTime kNow{std::chrono::seconds(1'800'000'000)};

struct RosterTest : testing::Test {
  RootKey root = RootKey::Generate();
  Roster roster{"heartnet", 3, kNow + std::chrono::days(30), {}};
  RosterTrust trust{root.verify_key(), "heartnet", 0, kNow};

  RosterTest() {
    for (const char* name : {"site-b", "agg", "site-a"}) {
      roster.Put({name, std::string_view(name) == "agg" ? PeerRole::kAggregator : PeerRole::kSite,
                  SigningKey::Generate().verify_key(), Sha256::Of(name), MemberState::kActive});
    }
  }
  Bytes Signed() const { return SignRoster(roster, root).value(); }
};

TEST_F(RosterTest, SignedRosterReadsBack) { EXPECT_EQ(VerifyRoster(Signed(), trust).value(), roster); }

TEST_F(RosterTest, PutKeepsOrderAndReplacesByName) {
  EXPECT_EQ(roster.members[0].name, "agg");
  RosterMember changed = *roster.Find("site-a");
  changed.state = MemberState::kSuspended;
  roster.Put(changed);
  EXPECT_EQ(roster.members.size(), 3u);
  EXPECT_EQ(roster.Find("site-a")->state, MemberState::kSuspended);
  EXPECT_EQ(roster.Find("site-c"), nullptr);
}

TEST_F(RosterTest, EveryFlippedBitBreaksTheSignature) {
  const Bytes file = Signed();
  for (std::size_t i = 0; i < file.size(); ++i) {
    Bytes broken = file;
    broken[i] ^= std::byte{4};
    ASSERT_EQ(VerifyRoster(broken, trust).status().id(), errors::kRosterSignature) << i;
    ASSERT_FALSE(VerifyRoster(std::span(file).first(i), trust).ok()) << i;
  }
}

TEST_F(RosterTest, AnotherRootAndAnotherFederationAreRefused) {
  trust.root_key = RootKey::Generate().verify_key();
  EXPECT_EQ(VerifyRoster(Signed(), trust).status().id(), errors::kRosterSignature);
  trust.root_key = root.verify_key();
  trust.federation = "lungnet";
  EXPECT_EQ(VerifyRoster(Signed(), trust).status().id(), errors::kFederationMismatch);
}

TEST_F(RosterTest, LowerVersionIsRefusedAndTheSameIsNot) {
  trust.lowest_version = 3;
  EXPECT_TRUE(VerifyRoster(Signed(), trust).ok());
  trust.lowest_version = 4;
  const Status status = VerifyRoster(Signed(), trust).status();
  EXPECT_EQ(status.id(), errors::kRosterRollback);
  EXPECT_EQ(status.what(), "the roster has version 3, version 4 was seen before");
}

TEST_F(RosterTest, OutOfDateRosterIsRefused) {
  trust.now = roster.valid_until + std::chrono::seconds(1);
  EXPECT_EQ(VerifyRoster(Signed(), trust).status().id(), errors::kRosterSignature);
}

TEST_F(RosterTest, FormsThatNoReaderAcceptsAreNotSigned) {
  const auto refused = [this](auto change) {
    Roster broken = roster;
    change(broken);
    return SignRoster(broken, root).status().id() == errors::kRosterSignature;
  };
  EXPECT_TRUE(refused([](Roster& r) { r.version = 0; }));
  EXPECT_TRUE(refused([](Roster& r) { r.members[1].name = "Site A"; }));
  EXPECT_TRUE(refused([](Roster& r) { std::swap(r.members[0], r.members[1]); }));
  EXPECT_TRUE(refused([](Roster& r) { r.members[1] = r.members[0]; }));
  EXPECT_TRUE(refused([](Roster& r) { r.members[0].role = PeerRole::kInvite; }));
  EXPECT_TRUE(refused([](Roster& r) { r.members[0].state = static_cast<MemberState>(9); }));
}

TEST_F(RosterTest, MembershipIsDecidedByNameRoleAndState) {
  const auto check = [this](PeerRole role, const char* name) {
    return CheckMember(roster, {"heartnet", role, name}).id();
  };
  EXPECT_EQ(check(PeerRole::kSite, "site-a"), ErrorId{});
  EXPECT_EQ(check(PeerRole::kSite, "site-c"), errors::kNameUnknown);
  EXPECT_EQ(check(PeerRole::kOperator, "site-a"), errors::kWrongRole);
  EXPECT_EQ(CheckMember(roster, {"lungnet", PeerRole::kSite, "site-a"}).id(), errors::kFederationMismatch);
  for (const MemberState state : {MemberState::kSuspended, MemberState::kRevoked}) {
    RosterMember member = *roster.Find("site-a");
    member.state = state;
    roster.Put(member);
    EXPECT_EQ(check(PeerRole::kSite, "site-a"), errors::kMemberRevoked);
  }
  EXPECT_EQ(CheckMember(roster, {"heartnet", PeerRole::kSite, "site-a"}).what(),
            "'site-a' is revoked (roster 3)");
}

}  // namespace
}  // namespace cairn

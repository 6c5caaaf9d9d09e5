#include "privacy/secagg/shared/party.h"

#include <gtest/gtest.h>

#include "privacy/secagg/shared/simulated_primitives.h"
#include "tests/testing/fixed_bytes.h"

namespace cairn::secagg {
namespace {

Roster RosterOf(std::initializer_list<RosterMember> members) {
  Roster roster{"heartnet", 4, UnixTime{}, {}};
  for (const RosterMember& member : members) roster.Put(member);
  return roster;
}

VerifyKey KeyOf(unsigned fill) {
  VerifyKey key;
  key.bytes.fill(static_cast<std::byte>(fill));
  return key;
}

TEST(MembershipTest, MembersAreTheSitesOfTheRosterInItsOrder) {
  const Roster roster = RosterOf({{"site-b", PeerRole::kSite, KeyOf(2), {}, MemberState::kSuspended},
                                  {"agg", PeerRole::kAggregator, KeyOf(9), {}, MemberState::kActive},
                                  {"site-c", PeerRole::kSite, KeyOf(3), {}, MemberState::kRevoked},
                                  {"ruth", PeerRole::kResearcher, KeyOf(8), {}, MemberState::kActive},
                                  {"site-a", PeerRole::kSite, KeyOf(1), {}, MemberState::kActive}});
  const Membership membership = Membership::Of(roster, AsBytes("the file"));
  ASSERT_EQ(membership.members.size(), 3u);
  EXPECT_EQ(membership.version, 4u);
  EXPECT_EQ(membership.hash, Sha256::Of("the file"));
  for (std::uint32_t i = 0; i < 3; ++i) {
    const Membership::Member* member = membership.Find(i);
    ASSERT_NE(member, nullptr);
    EXPECT_EQ(member->key, KeyOf(i + 1));
    EXPECT_EQ(member->active, i == 0);  // the others keep their place
    EXPECT_EQ(membership.IndexOf(member->name), i);
  }
}

TEST(MembershipTest, NobodyElseHasAnIndex) {
  const Membership membership =
      Membership::Of(RosterOf({{"agg", PeerRole::kAggregator, KeyOf(9), {}, MemberState::kActive},
                               {"site-a", PeerRole::kSite, KeyOf(1), {}, MemberState::kActive}}),
                     {});
  EXPECT_EQ(membership.Find(1), nullptr);
  EXPECT_EQ(membership.IndexOf("agg"), std::nullopt);
  EXPECT_EQ(membership.IndexOf("zoe"), std::nullopt);
  EXPECT_EQ(membership.IndexOf(""), std::nullopt);
}

TEST(PrimitivesTest, SignsAgreesAndDrawsWithTheRealOnes) {
  const SigningKey key = SigningKey::Generate();
  const auto primitives = NewPrimitives(key);
  const Signature signature = primitives->Sign(AsBytes("u3"));
  EXPECT_TRUE(primitives->Verifies(key.verify_key(), AsBytes("u3"), signature));
  EXPECT_FALSE(primitives->Verifies(key.verify_key(), AsBytes("u2"), signature));
  EXPECT_FALSE(primitives->Verifies(KeyOf(1), AsBytes("u3"), signature));

  const Agreement a = Agreement::Generate(), b = Agreement::Generate();
  EXPECT_TRUE(primitives->Derive(a, b.public_key()).value() == b.Derive(a.public_key()).value());
  EXPECT_EQ(primitives->Derive(a, {}).status().id(), errors::kSecAggKey);

  std::array<std::byte, 32> first{}, second{};
  primitives->Fill(first);
  primitives->Fill(second);
  EXPECT_NE(first, second);
}

// Counts what it is asked for, and has no quicker way.
class CountingPrimitives final : public Primitives {
 public:
  void Fill(std::span<std::byte>) override {}
  Signature Sign(std::span<const std::byte>) override { return {}; }
  bool Verifies(const VerifyKey&, std::span<const std::byte>, const Signature&) override { return false; }
  Result<SecretBytes> Derive(const Agreement& own, const AgreementPublic& peer) override {
    ++derived;
    return own.Derive(peer);
  }
  int derived = 0;
};

TEST(PrimitivesTest, AgreesWithAllInOrder) {
  const SigningKey key = SigningKey::Generate();
  const Agreement own = Agreement::Generate();
  std::vector<AgreementPublic> peers;
  for (int i = 0; i < 11; ++i) peers.push_back(Agreement::Generate().public_key());
  CountingPrimitives counting;
  const auto real = NewPrimitives(key);
  for (Primitives* primitives : {static_cast<Primitives*>(&counting), real.get()}) {
    const auto all = primitives->DeriveAll(own, peers);
    ASSERT_TRUE(all.ok());
    ASSERT_EQ(all->size(), peers.size());
    for (std::size_t i = 0; i < peers.size(); ++i) EXPECT_TRUE((*all)[i] == *own.Derive(peers[i])) << i;
  }
  EXPECT_EQ(counting.derived, 11);
}

TEST(PrimitivesTest, AgreeingWithAllStopsAtAKeyThatGivesNoSecret) {
  const SigningKey key = SigningKey::Generate();
  const Agreement own = Agreement::Generate();
  std::vector<AgreementPublic> peers(3, own.public_key());
  peers[1] = {};
  CountingPrimitives counting;
  EXPECT_EQ(counting.DeriveAll(own, peers).status().id(), errors::kSecAggKey);
  EXPECT_EQ(counting.derived, 2);
  EXPECT_EQ(NewPrimitives(key)->DeriveAll(own, peers).status().id(), errors::kSecAggKey);
}

TEST(SimulatedMemoryTest, AnAgreementIsTheRealOneAndForgottenOnceBothEndsHaveIt) {
  SimulatedMemory memory;
  const Agreement a = Agreement::Generate(), b = Agreement::Generate();
  const SecretBytes real = *a.Derive(b.public_key());
  EXPECT_EQ(*memory.Agree(a, b.public_key()), real);
  EXPECT_EQ(memory.size(), 1u);
  EXPECT_EQ(*memory.Agree(b, a.public_key()), real);
  EXPECT_EQ(memory.size(), 0u);
  EXPECT_EQ(*memory.Agree(b, a.public_key()), real) << "worked out again where it is asked for again";
}

TEST(SimulatedMemoryTest, AgreesWithManyAsWithEachAndKeepsWhatTheOthersWillAsk) {
  SimulatedMemory memory;
  const Agreement own = Agreement::Generate();
  std::vector<Agreement> others;
  std::vector<AgreementPublic> peers;
  for (int i = 0; i < 11; ++i) peers.push_back(others.emplace_back(Agreement::Generate()).public_key());
  ASSERT_TRUE(memory.Agree(others[4], own.public_key()).ok());  // one end has it already
  const auto all = memory.AgreeAll(own, peers);
  ASSERT_TRUE(all.ok());
  for (std::size_t i = 0; i < peers.size(); ++i) EXPECT_EQ((*all)[i], *own.Derive(peers[i])) << i;
  EXPECT_EQ(memory.size(), 10u) << "the fifth was asked for by both ends";
  EXPECT_EQ(*memory.Agree(others[7], own.public_key()), (*all)[7]);
  EXPECT_EQ(memory.size(), 9u);
}

TEST(SimulatedMemoryTest, AVerdictIsOfKeyMessageAndSignatureTogether) {
  SimulatedMemory memory;
  const SigningKey key = SigningKey::Generate(), other = SigningKey::Generate();
  const Signature signature = key.Sign(AsBytes("u3"));
  for (int again = 0; again < 2; ++again) {
    EXPECT_TRUE(memory.Verify(key.verify_key(), AsBytes("u3"), signature));
    EXPECT_FALSE(memory.Verify(key.verify_key(), AsBytes("u2"), signature));
    EXPECT_FALSE(memory.Verify(other.verify_key(), AsBytes("u3"), signature));
  }
  memory.Forget();
  EXPECT_EQ(memory.size(), 0u);
}

}  // namespace
}  // namespace cairn::secagg

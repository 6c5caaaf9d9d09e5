// Pitfall 13: wrong or hostile shares, from a holder, a dealer or the relay. Somebody is blamed, and no sum
// is wrong.
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

void PlayUpToAnswers(SecAggScript& script, const Members& inputs) {
  script.Share();
  script.Mask(inputs);
  script.Agree();
}

// A member signs whatever it answers.
UnmaskMessage Resigned(const SecAggScript& script, Member m, UnmaskMessage answer, const Members& u3) {
  const Sha256Digest cc = SiteState(*script.clients[Without(u3, {m}).front()]).around().context;
  answer.signature = script.SignAs(m, UnmaskBytes(cc, m, SetOf(script.options().n, u3), answer.shares));
  return answer;
}

TEST(AttackWrongSharesTest, AFlippedBitInAnyRevealedShareBlamesTheHolderAndOthersOpenTheSum) {
  const Members survivors = Range(7);  // 7 is lost, so shares of both kinds are revealed
  for (std::size_t at = 0; at < 8; ++at) {
    SecAggScript script({.n = 8});
    script.Advertise();
    PlayUpToAnswers(script, survivors);
    UnmaskMessage answer = *script.clients[2]->OnUnmask(*script.server->UnmaskRequestFor(2));
    answer.shares[at].share[at] ^= std::byte{0x10};
    EXPECT_TRUE(
        FailsWith(script.server->OnUnmask(2, Resigned(script, 2, answer, survivors)), errors::kSecAggShare));
    EXPECT_EQ(script.server->blames(), (std::vector<Blame>{{Blame::Kind::kWrongShare, 2, std::nullopt}}));
    script.Unmask(Without(survivors, {2}));
    EXPECT_EQ(script.OpenSum(), script.ExpectedSum()) << "t = 6 others";
  }
}

TEST(AttackWrongSharesTest, TooManyWrongHoldersLeaveNoSum) {
  SecAggScript script({.n = 8});
  script.Advertise();
  PlayUpToAnswers(script, Range(7));
  for (const Member m : {2u, 3u}) {
    UnmaskMessage answer = *script.clients[m]->OnUnmask(*script.server->UnmaskRequestFor(m));
    answer.shares[0].share[0] ^= std::byte{1};
    EXPECT_TRUE(
        FailsWith(script.server->OnUnmask(m, Resigned(script, m, answer, Range(7))), errors::kSecAggShare));
  }
  script.Unmask({0, 1, 4, 5, 6});
  EXPECT_FALSE(script.server->can_unmask());
  EXPECT_EQ(script.OpenSum(), std::nullopt);
  EXPECT_TRUE(FailsWith(script.last_error, errors::kSecAggFloor));
}

TEST(AttackWrongSharesTest, ADealerOfAnotherSelfMaskIsBlamedAndTheAttemptEnds) {
  SecAggScript script({.n = 6});
  script.Advertise();
  ASSERT_TRUE(script.clients[4]->OnCohort(*script.server->CohortFor(4)).ok());
  const SiteState state(*script.clients[4]);
  const SharesMessage lie =
      DealOthers(script, 4, state.secrets().mask_key.secret(), Other32(state.secrets().self_mask));
  ASSERT_TRUE(script.server->OnShares(4, lie).ok()) << "the aggregator cannot see into it";
  script.Share(Without(Range(6), {4}));
  script.Mask();
  script.Agree();
  script.Unmask();
  EXPECT_TRUE(script.server->can_unmask());
  EXPECT_EQ(script.OpenSum(), std::nullopt);
  EXPECT_TRUE(FailsWith(script.last_error, errors::kSecAggShare));
  EXPECT_EQ(script.server->blames(), (std::vector<Blame>{{Blame::Kind::kWrongDealer, 4, std::nullopt}}));
  EXPECT_EQ(script.server->phase(), Server::Phase::kFailed);
}

TEST(AttackWrongSharesTest, ADealerOfAnotherMaskKeyIsBlamedWhenItIsLost) {
  SecAggScript script({.n = 6});
  script.Advertise();
  ASSERT_TRUE(script.clients[4]->OnCohort(*script.server->CohortFor(4)).ok());
  const SiteState state(*script.clients[4]);
  ASSERT_TRUE(script.server
                  ->OnShares(4, DealOthers(script, 4, Other32(state.secrets().mask_key.secret()),
                                           state.secrets().self_mask))
                  .ok());
  script.Share(Without(Range(6), {4}));
  script.Mask(Without(Range(6), {4}));
  script.Agree();
  script.Unmask();
  EXPECT_EQ(script.OpenSum(), std::nullopt);
  EXPECT_EQ(script.server->blames(), (std::vector<Blame>{{Blame::Kind::kWrongDealer, 4, std::nullopt}}));
}

TEST(AttackWrongSharesTest, AFlippedBitOnTheWayIsComplainedAboutByTheHolder) {
  for (const int what : {0, 1, 2}) {
    SecAggScript script({.n = 5});
    script.Advertise();
    script.Share();
    DeliveryMessage delivery = *script.server->DeliveryFor(0);
    SealedShare& share = delivery.shares[3];
    if (what == 0) share.sealed[40] ^= std::byte{4};
    if (what == 1) share.mask_key_hash.bytes[0] ^= std::byte{1};
    if (what == 2) share.self_mask_hash.bytes[31] ^= std::byte{1};
    const auto complaint = script.clients[0]->OnDelivery(delivery);
    ASSERT_TRUE(complaint.ok() && complaint->has_value());
    EXPECT_EQ((*complaint)->accused, 3u);
    EXPECT_EQ((*complaint)->kind, what == 0 ? ComplaintKind::kDoesNotOpen : ComplaintKind::kWrongHash);
    EXPECT_EQ(script.clients[0]->phase(), Client::Phase::kFailed) << "it leaves without masking";
    // This aggregator delivered something else, and says so.
    EXPECT_TRUE(FailsWith(script.server->OnComplaint(0, **complaint), errors::kSecAggMessage));
  }
}

TEST(AttackWrongSharesTest, AComplaintAboutADealerIsRecordedAndTheRestGoOn) {
  SecAggScript script({.n = 6});
  script.Advertise();
  ASSERT_TRUE(script.clients[4]->OnCohort(*script.server->CohortFor(4)).ok());
  const SiteState state(*script.clients[4]);
  SharesMessage bad = DealOthers(script, 4, state.secrets().mask_key.secret(), state.secrets().self_mask);
  bad.shares[0].sealed[50] ^= std::byte{1};  // the share for 0 does not open
  bad.signature = script.SignAs(4, SharesBytes(state.around().context, 4, bad.shares));
  ASSERT_TRUE(script.server->OnShares(4, bad).ok());
  script.Share(Without(Range(6), {4}));
  const auto complaint = script.clients[0]->OnDelivery(*script.server->DeliveryFor(0));
  ASSERT_TRUE(complaint.ok() && complaint->has_value());
  EXPECT_TRUE(script.server->OnComplaint(0, **complaint).ok());
  EXPECT_EQ(script.server->blames(), (std::vector<Blame>{{Blame::Kind::kComplaint, 4, 0}}));
  EXPECT_EQ(script.server->waiting_for(), (Members{1, 2, 3, 4, 5}));
  // DealOthers split anew, so what 4 deals and what it masks with agree: the others' sum is exact.
  script.Mask(Without(Range(6), {0}));
  script.Agree();
  script.Unmask();
  EXPECT_EQ(script.OpenSum(), script.ExpectedSum());
}

TEST(AttackWrongSharesTest, OnesOwnShareComingBackChangedIsTheRelaysDoing) {
  SecAggScript script({.n = 5});
  script.Advertise();
  script.Share();
  DeliveryMessage delivery = *script.server->DeliveryFor(0);
  delivery.shares[0].sealed[40] ^= std::byte{1};
  EXPECT_TRUE(FailsWith(script.clients[0]->OnDelivery(delivery), errors::kSecAggSealed));
}

TEST(AttackWrongSharesTest, AShareForAnotherPairIsNotTaken) {
  SecAggScript script({.n = 5});
  script.Advertise();
  script.Share();
  DeliveryMessage delivery = *script.server->DeliveryFor(0);
  std::swap(delivery.shares[2].sealed, delivery.shares[3].sealed);
  const auto complaint = script.clients[0]->OnDelivery(delivery);
  ASSERT_TRUE(complaint.ok() && complaint->has_value());
  EXPECT_EQ((*complaint)->kind, ComplaintKind::kDoesNotOpen);
}

TEST(AttackWrongSharesTest, AShareOfTheOtherKindIsRefused) {
  SecAggScript script({.n = 8});
  script.Advertise();
  PlayUpToAnswers(script, Range(7));
  UnmaskMessage answer = *script.clients[2]->OnUnmask(*script.server->UnmaskRequestFor(2));
  answer.shares[1].kind = ShareKind::kMaskKey;
  EXPECT_TRUE(
      FailsWith(script.server->OnUnmask(2, Resigned(script, 2, answer, Range(7))), errors::kSecAggMessage));
  answer = *script.clients[2]->OnUnmask(*script.server->UnmaskRequestFor(2));
  answer.shares.push_back(answer.shares.back());
  EXPECT_TRUE(
      FailsWith(script.server->OnUnmask(2, Resigned(script, 2, answer, Range(7))), errors::kSecAggMessage));
  answer.shares.resize(3);
  EXPECT_TRUE(
      FailsWith(script.server->OnUnmask(2, Resigned(script, 2, answer, Range(7))), errors::kSecAggMessage));
}

}  // namespace
}  // namespace cairn::secagg

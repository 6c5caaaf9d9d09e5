// Pitfall 10: two sums one site apart give that site away; three can isolate more.
#include "privacy/secagg/client/sum_memory.h"
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

// Plays an attempt over `who` up to the named survivors and asks site 0 to agree.
Result<AgreementMessage> AskToAgree(std::uint32_t attempt, const Members& who, const Members& survivors,
                                    const SumMemory& memory) {
  SecAggScript script({.n = 12, .attempt = attempt});
  script.Advertise(who);
  script.Share();
  script.Mask(survivors);
  return script.clients[0]->OnSurvivors(*script.server->SurvivorsFor(0), memory);
}

TEST(AttackNearSumsTest, ASetOneSiteApartIsRefusedInALaterAttempt) {
  SumMemory memory;
  memory.Keep(Range(12));
  EXPECT_TRUE(AskToAgree(2, Range(12), Range(12), memory).ok()) << "the very same members";
  EXPECT_TRUE(FailsWith(AskToAgree(2, Range(12), Range(11), memory), errors::kSecAggSums));
  EXPECT_TRUE(FailsWith(AskToAgree(2, Range(11), Range(11), memory), errors::kSecAggSums));
  EXPECT_TRUE(AskToAgree(2, Range(12), Range(9), memory).ok()) << "three apart, the floor";
}

TEST(AttackNearSumsTest, AThirdSetIsRefused) {
  SumMemory memory;
  memory.Keep(Range(12));
  memory.Keep(Range(9));
  const Members third = {0, 4, 5, 6, 7, 8, 9, 10, 11};
  EXPECT_TRUE(FailsWith(AskToAgree(3, Range(12), third, memory), errors::kSecAggSums));
  EXPECT_TRUE(AskToAgree(3, Range(12), Range(9), memory).ok()) << "one that was answered before";
}

TEST(AttackNearSumsTest, RegularGraphsCompareMembersAndNotPositions) {
  // 13 of 14 sites both times, another one missing: the same positions, two members apart.
  const auto run = [](std::uint32_t attempt, Member missing, const SumMemory& memory) {
    SecAggScript script({.n = 14, .k = 6, .t = 5, .attempt = attempt});
    script.Advertise(Without(Range(14), {missing}));
    script.Share();
    script.Mask();
    const auto agreed = script.clients[0]->OnSurvivors(*script.server->SurvivorsFor(0), memory);
    return std::pair(agreed.status(), script.clients[0]->survivors());
  };
  SumMemory memory;
  const auto [first, members] = run(1, 13, memory);
  ASSERT_TRUE(first.ok()) << first.ToString();
  EXPECT_EQ(members, Range(13));
  memory.Keep(members);
  EXPECT_TRUE(FailsWith(run(2, 12, memory).first, errors::kSecAggSums));
  EXPECT_TRUE(run(2, 13, memory).first.ok());
}

TEST(AttackNearSumsTest, ALieAboutWhoIsInARegularCohortIsSeenOrSharedByAll) {
  SecAggScript script({.n = 14, .k = 6, .t = 5});
  script.Advertise(Without(Range(14), {13}));
  CohortMessage message = *script.server->CohortFor(0);
  message.members.Remove(12);
  message.members.Add(13);
  EXPECT_FALSE(script.clients[0]->OnCohort(message).ok());
  EXPECT_EQ(script.clients[0]->phase(), Client::Phase::kFailed);
}

}  // namespace
}  // namespace cairn::secagg

#include "privacy/secagg/server/server.h"

#include <functional>

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

TEST(ServerTest, PhasesCloseInOrderAndOnce) {
  SecAggScript script({.n = 5});
  auto server = *script.NewServer();
  EXPECT_TRUE(FailsWith(server->CloseShares(), errors::kSecAggState));
  EXPECT_TRUE(FailsWith(server->CloseInputs(), errors::kSecAggState));
  EXPECT_TRUE(FailsWith(server->CloseAgreement(), errors::kSecAggState));
  EXPECT_TRUE(FailsWith(server->CloseUnmasking(), errors::kSecAggState));
  EXPECT_EQ(server->phase(), Server::Phase::kAdverts) << "asking too early ends nothing";
  script.Advertise();
  EXPECT_TRUE(FailsWith(script.server->CloseAdverts(), errors::kSecAggState));
  EXPECT_EQ(script.server->phase(), Server::Phase::kShares);
}

TEST(ServerTest, EqualCallsGiveEqualMessages) {
  SecAggScript one({.n = 6}), other({.n = 6});
  for (SecAggScript* script : {&one, &other}) {
    script->Advertise();
    script->Share();
    script->Mask(Range(5));
    script->Agree();
  }
  for (const Member m : Range(6)) {
    EXPECT_EQ(one.server->CohortFor(m), other.server->CohortFor(m));
    EXPECT_EQ(one.server->DeliveryFor(m), other.server->DeliveryFor(m));
    EXPECT_EQ(one.server->SurvivorsFor(m), other.server->SurvivorsFor(m));
    EXPECT_EQ(one.server->UnmaskRequestFor(m), other.server->UnmaskRequestFor(m));
  }
}

TEST(ServerTest, AfterAnEndNothingIsTakenOrSaid) {
  SecAggScript script({.n = 5});
  script.Advertise();
  const SharesMessage shares = *script.clients[0]->OnCohort(*script.server->CohortFor(0));
  EXPECT_TRUE(FailsWith(script.server->CloseShares(), errors::kSecAggFloor));
  EXPECT_EQ(script.server->phase(), Server::Phase::kFailed);
  EXPECT_TRUE(FailsWith(script.server->OnShares(0, shares), errors::kSecAggMessage));
  EXPECT_TRUE(FailsWith(script.server->OnAdvert(0, script.clients[0]->advert()), errors::kSecAggMessage));
  EXPECT_FALSE(script.server->CohortFor(0).has_value());
  EXPECT_FALSE(script.server->can_close());
  EXPECT_TRUE(script.server->waiting_for().empty());
}

TEST(ServerTest, AFloorAloneNamesTheRest) {
  SecAggScript script({.n = 5});
  EXPECT_TRUE(
      Server::Begin(script.terms, 3, script.membership, script.PrimitivesOf(SecAggScript::kAggregator)).ok());
  EXPECT_TRUE(FailsWith(
      Server::Begin(script.terms, 6, script.membership, script.PrimitivesOf(SecAggScript::kAggregator)),
      errors::kSecAggFloor));
}

}  // namespace
}  // namespace cairn::secagg

#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/client/agent/agent_world.h"

// What the engine asks for, and in which order: charge before work, reveal before send.

namespace cairn {
namespace {

class AgentPrivacyTest : public testing::Test {
 protected:
  void Begin(AgentWorld& world) {
    world.Connect();
    world.Offer(PrivateTerms());
  }
  // Plans a round and charges it as a driver would.
  void PlanAndCharge(AgentWorld& world, RoundKey key) {
    world.Plan(key);
    ASSERT_TRUE(world.Has<ChargePrivacy>());
    const Charge charge = world.Find<ChargePrivacy>()->charge;
    world.Do(PrivacyCharged{key, desk.Charge(charge)});
  }
  SealedReport PrivatelySealed(const Charge& charge) {
    auto clearance = EgressClearance::Private(*MakeManifest(PrivateTerms()),
                                              {charge.key.job, charge.key.round, charge.key.attempt}, 320,
                                              desk.Charge(charge).value());
    return EgressGuard(EgressGuard::Limits{})
        .Seal(std::move(*clearance), RoundKind::kTrain, MakeWork(), SmallLayout())
        .value();
  }

  PrivacyDesk desk = DeskFor(2);
};

TEST_F(AgentPrivacyTest, RoundIsChargedBeforeItsWorkStarts) {
  AgentWorld world(AgentWorld::Willing(), desk);
  Begin(world);
  world.Plan(KeyOf(1));
  ASSERT_TRUE(world.Has<ChargePrivacy>());
  EXPECT_FALSE(world.Has<StartWork>());
  const Charge charge = world.Find<ChargePrivacy>()->charge;
  EXPECT_EQ(charge.key.domain, "patients");
  EXPECT_EQ(charge.key.round, RoundId{1});
  EXPECT_EQ(charge.event.steps(), 10u);
  world.Do(PrivacyCharged{KeyOf(1), desk.Charge(charge)});
  const auto* start = world.Find<StartWork>();
  ASSERT_NE(start, nullptr);
  ASSERT_TRUE(start->request.privacy.has_value());
  EXPECT_EQ(start->request.privacy->sampling_rate, 900719925474100u);  // 2^53 / 10, rounded up
  EXPECT_EQ(start->request.privacy->steps, 10u);
  EXPECT_EQ(start->request.privacy->expected_lot, 32u);
  EXPECT_FALSE(start->request.evaluate);
}

TEST_F(AgentPrivacyTest, UpdateIsDurableThenRevealedThenSent) {
  AgentWorld world(AgentWorld::Willing(), desk);
  Begin(world);
  PlanAndCharge(world, KeyOf(1));
  const Charge charge =
      desk.PriceOf(*MakeManifest(PrivateTerms()))->For(*MakeManifest(PrivateTerms()), KeyOf(1));
  world.Do(WorkDone{KeyOf(1), PrivatelySealed(charge)});
  ASSERT_NE(world.Sent<Report>(), nullptr);
  EXPECT_EQ(world.Find<RevealPrivacy>()->key, charge.key);
  EXPECT_LT(world.PlaceOf<PersistAgent>(), world.PlaceOf<RevealPrivacy>());
  EXPECT_LT(world.PlaceOf<RevealPrivacy>(), world.PlaceOf<SendToServer>());
  EXPECT_EQ(world.Sent<Report>()->examples, 320);  // the public population, not the rows
}

TEST_F(AgentPrivacyTest, ReportThatWaitedForTheConnectionIsRevealedBeforeItIsSent) {
  const auto manifest = MakeManifest(PrivateTerms());
  const Charge charge = desk.PriceOf(*manifest)->For(*manifest, KeyOf(1));
  AgentSnapshot snapshot;
  snapshot.reports.push_back(std::make_shared<SealedReport>(PrivatelySealed(charge)));
  AgentWorld world(AgentWorld::Willing(), desk, std::move(snapshot));
  Begin(world);
  ASSERT_NE(world.Sent<Report>(), nullptr);
  EXPECT_EQ(world.Find<RevealPrivacy>()->key, charge.key);
  EXPECT_LT(world.PlaceOf<RevealPrivacy>(), world.actions.size() - 1);
}

TEST_F(AgentPrivacyTest, SpentBudgetEndsTheRoundAndTheRestOfTheJob) {
  AgentWorld world(AgentWorld::Willing(), desk);
  Begin(world);
  world.Plan(KeyOf(3));
  world.Do(PrivacyCharged{KeyOf(3), Status(errors::kPrivacyBudget, "it would come to ε 9.99")});
  EXPECT_FALSE(world.Has<StartWork>());
  ASSERT_NE(world.Sent<RoundDecline>(), nullptr);
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kPrivacyBudget.value);
  ASSERT_NE(world.Sent<JobReply>(), nullptr);
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kDecline);
  EXPECT_EQ(world.Persisted<JobAnswered>()->reason, errors::kPrivacyBudget);
  world.Plan(KeyOf(4));
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kPolicyNotAccepted.value);
}

TEST_F(AgentPrivacyTest, AggregatorLearnsTheIdAndNoNumber) {
  AgentWorld world(AgentWorld::Willing(), desk);
  Begin(world);
  world.Plan(KeyOf(3));
  world.Do(PrivacyCharged{KeyOf(3), Status(errors::kPrivacyBudget, "it would come to ε 9.99")});
  EXPECT_EQ(world.Sent<RoundDecline>()->reason.find("9.99"), std::string::npos);
  EXPECT_EQ(world.Sent<JobReply>()->reason.find("9.99"), std::string::npos);
}

TEST_F(AgentPrivacyTest, AttemptWhoseNoiseLeftAlreadyIsDeclinedAlone) {
  AgentWorld world(AgentWorld::Willing(), desk);
  Begin(world);
  world.Plan(KeyOf(1));
  world.Do(PrivacyCharged{KeyOf(1), Status(errors::kPrivacyRevealed, "released")});
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kPrivacyRevealed.value);
  EXPECT_EQ(world.Sent<JobReply>(), nullptr);
  world.Plan(KeyOf(1, 2));
  EXPECT_TRUE(world.Has<ChargePrivacy>());
}

TEST_F(AgentPrivacyTest, ChargeThatComesAfterTheAttemptEndedStartsNothing) {
  AgentWorld world(AgentWorld::Willing(), desk);
  Begin(world);
  world.Plan(KeyOf(1));
  const Charge charge = world.Find<ChargePrivacy>()->charge;
  world.Hear(RoundClosed{KeyOf(1), false});
  world.Do(PrivacyCharged{KeyOf(1), desk.Charge(charge)});
  EXPECT_TRUE(world.actions.empty());
  EXPECT_FALSE(world.agent.is_working());
}

TEST_F(AgentPrivacyTest, WorkOfAnotherJobGoesOnWhenAChargeIsRefused) {
  AgentWorld world(AgentWorld::Willing(), desk);
  Begin(world);
  ManifestTerms open{.id = 2, .name = "cardio-open", .digest = "digest-2"};
  world.Offer(open);
  world.Plan(KeyOf(1));
  world.Plan(KeyOf(1, 1, 2));
  EXPECT_FALSE(world.Has<StartWork>());  // waits for its turn
  world.Do(PrivacyCharged{KeyOf(1), Status(errors::kPrivacyBudget, "spent")});
  ASSERT_TRUE(world.Has<StartWork>());
  EXPECT_EQ(world.Find<StartWork>()->key.job, JobId{2});
}

TEST_F(AgentPrivacyTest, MetricsOfAPrivateJobAreNotGiven) {
  AgentWorld world(AgentWorld::Willing(), desk);
  Begin(world);
  RoundPlan plan;
  plan.key = KeyOf(1);
  plan.kind = RoundKind::kEvaluate;
  plan.layout_hash = SmallLayout().hash;
  auto model = std::make_shared<ModelVersion>();
  model->values = ParameterSet(*ParameterSpec::Create(SmallModel()));
  plan.model = std::move(model);
  world.Hear(std::move(plan));
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kPolicyMetrics.value);
}

TEST_F(AgentPrivacyTest, JobIsDeclinedWhereNotOneRoundFits) {
  const PrivacyDesk tight = [] {
    auto domains = DomainsFor(1);
    domains[0].terms.cap.epsilon /= 2;
    auto ledger = PrivacyLedger::InMemory(DomainTermsOf(domains));
    return PrivacyDesk(std::move(domains), std::move(ledger));
  }();
  AgentWorld world(AgentWorld::Willing(), tight);
  Begin(world);
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kDecline);
  EXPECT_EQ(world.Sent<JobReply>()->reason_id, errors::kPrivacyBudget.value);
}

TEST_F(AgentPrivacyTest, DataOfNoDomainTakesNoPart) {
  const PrivacyDesk none({}, PrivacyLedger::InMemory({}));
  AgentWorld world(AgentWorld::Willing(), none);
  Begin(world);
  EXPECT_EQ(world.Sent<JobReply>()->reason_id, errors::kPrivacyDomain.value);
}

TEST_F(AgentPrivacyTest, SiteWithoutALedgerTakesNoPart) {
  AgentWorld world(AgentWorld::Willing());
  Begin(world);
  EXPECT_EQ(world.Sent<JobReply>()->reason_id, errors::kPrivacyDomain.value);
}

TEST_F(AgentPrivacyTest, DamagedLedgerStopsPrivateWorkAlone) {
  const PrivacyDesk broken(DomainsFor(2), Status(errors::kPrivacyLedgerBroken, "a record is missing"));
  AgentWorld world(AgentWorld::Willing(), broken);
  Begin(world);
  EXPECT_EQ(world.Sent<JobReply>()->reason_id, errors::kPrivacyLedgerBroken.value);
  world.Offer({.id = 2, .name = "cardio-open", .digest = "digest-2"});
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kAccept);
}

TEST_F(AgentPrivacyTest, DomainOfTooFewPeopleForThePolicyTakesNoPart) {
  AgentConfig config = AgentWorld::Willing();
  config.policy.min_examples = 321;
  AgentWorld world(config, desk);
  Begin(world);
  EXPECT_EQ(world.Sent<JobReply>()->reason_id, errors::kPolicyFewExamples.value);
}

// Accepted before a restart, under a domain that client.toml no longer has.
TEST_F(AgentPrivacyTest, JobThatCanNoLongerBePricedIsDeclinedNotWorkedOn) {
  const PrivacyDesk none;
  AgentSnapshot snapshot;
  snapshot.accepted_jobs = {OfferedJob::Create(MakeManifest(PrivateTerms())).value()};
  snapshot.is_connected = true;
  AgentWorld world(AgentWorld::Willing(), none, std::move(snapshot));
  world.Plan(KeyOf(1));
  EXPECT_FALSE(world.Has<StartWork>());
  ASSERT_NE(world.Sent<RoundDecline>(), nullptr);
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kPrivacyDomain.value);
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kDecline);
}

// Within one process, where nothing is masked: what a plan may say is the same.
class AgentClipTest : public testing::Test {
 protected:
  static AgentConfig Unchecked() {
    AgentConfig config = AgentWorld::Willing();
    config.policy.secagg = SecAggPolicy::kUnchecked;
    return config;
  }
  PrivacyDesk desk = PrivacyDesk::ForSimulation(10, Delta::DefaultFor(10).value(), PrivacyUnit::kClient);
};

TEST_F(AgentClipTest, RoundOfAProtectedClientIsChargedAndTrainedAsAlways) {
  AgentWorld world(Unchecked(), desk);
  world.Connect();
  world.Offer(ClientTerms());
  world.Plan(KeyOf(1), SmallLayout().hash, 0.5);
  ASSERT_TRUE(world.Has<ChargePrivacy>());
  const Charge charge = world.Find<ChargePrivacy>()->charge;
  EXPECT_EQ(charge.event.convention(), (PrivacyConvention{PrivacyUnit::kClient, Adjacency::kZeroOut}));
  world.Do(PrivacyCharged{KeyOf(1), desk.Charge(charge)});
  const auto* start = world.Find<StartWork>();
  ASSERT_NE(start, nullptr);
  EXPECT_FALSE(start->request.privacy.has_value());
  EXPECT_FALSE(start->request.evaluate);
  ASSERT_NE(start->ring, nullptr);
  EXPECT_EQ(start->ring->layout.noise->clip, 0.5);
  EXPECT_TRUE(start->clearance->protects_clients());
}

TEST_F(AgentClipTest, AnotherClipThanTheApprovedOneIsRefused) {
  AgentWorld world(Unchecked(), desk);
  world.Connect();
  world.Offer(ClientTerms());
  world.Plan(KeyOf(1), SmallLayout().hash, 0.6);
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kPolicyTermsChanged.value);
  world.Plan(KeyOf(1));
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kPolicyTermsChanged.value);
}

TEST_F(AgentClipTest, AClipThatAdaptsIsTakenAsLongAsNoiseCanBeDrawnForIt) {
  AgentWorld world(Unchecked(), desk);
  world.Connect();
  world.Offer(ClientTerms(0.5));
  world.Plan(KeyOf(1), SmallLayout().hash, 0.6);
  EXPECT_TRUE(world.Has<ChargePrivacy>());
  for (const double clip : {0.0, -1.0, 1e9, std::numeric_limits<double>::quiet_NaN()}) {
    world.Plan(KeyOf(2), SmallLayout().hash, clip);
    EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kPrivacyParameter.value) << clip;
  }
}

TEST_F(AgentClipTest, AClipInAJobWithoutOneIsRefused) {
  AgentWorld world(Unchecked());
  world.Connect();
  world.Offer();
  world.Plan(KeyOf(1), SmallLayout().hash, 0.5);
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kPolicyTermsChanged.value);
}

TEST_F(AgentClipTest, ProtectedUpdateIsNeverSealedAsItIs) {
  const auto manifest = MakeManifest(ClientTerms());
  const EgressGuard guard(EgressGuard::Limits{.min_examples = 50});
  const auto clearance = [&](std::uint64_t round) {
    auto permit = desk.Charge(desk.PriceOf(*manifest)->For(*manifest, KeyOf(round)));
    return EgressClearance::Private(*manifest, KeyOf(round), 10, std::move(*permit)).value();
  };
  EXPECT_EQ(guard.Seal(clearance(1), RoundKind::kTrain, MakeWork(), SmallLayout()).status().id(),
            errors::kInternal);
  const MaskedLayout ring = MaskedLayoutOf(*manifest, SmallLayout(), RoundKind::kTrain);
  const auto contribute = [&](std::uint64_t round, std::int64_t rows, NoiseBits* noise) {
    return guard
        .Contribute(clearance(round), RoundKind::kTrain, MakeWork({1, 2, 3}, rows), SmallLayout(), ring, {},
                    noise)
        .status()
        .id();
  };
  NoiseBits noise = NoiseBits::FromSystem();
  EXPECT_EQ(contribute(2, 100, nullptr), errors::kInternal);  // its share of the noise is missing
  EXPECT_EQ(contribute(3, 49, &noise), errors::kPolicyFewExamples);
  EXPECT_EQ(contribute(4, 100, &noise), ErrorId{});
}

}  // namespace
}  // namespace cairn

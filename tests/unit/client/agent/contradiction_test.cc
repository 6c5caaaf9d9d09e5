// An aggregator that contradicts itself: caught by the desk, kept by the store, answered by the agent.
#include <gtest/gtest.h>

#include <algorithm>

#include "client/agent/masking_desk.h"
#include "protocol/messages/masking_terms.h"
#include "tests/unit/client/agent/driver_world.h"
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn {
namespace {

// One agent in a masked attempt of job 1, with another job beside it.
class ContradictionAgentTest : public testing::Test {
 protected:
  static ManifestTerms Masked() {
    ManifestTerms terms;
    terms.secagg = SecAggMode::kFull;
    terms.digest = kDigest;
    return terms;
  }
  inline static const std::string kDigest = std::string(64, 'a');
  static ManifestTerms Other() {
    ManifestTerms terms;
    terms.id = 2;
    terms.name = "cardio-other";
    terms.digest = "digest-2";
    return terms;
  }
  static AgentConfig Config() {
    AgentConfig config = AgentWorld::Willing();
    auto members = std::make_shared<secagg::Membership>();
    for (const char* site : {"site-a", "site-b", "site-c", "site-d"})
      members->members.push_back({site, {}, true});
    config.masking = MaskingIdentity{std::move(members), {}};
    return config;
  }
  void JoinAttempt(AgentWorld& world) {
    RoundPlan plan;
    plan.key = KeyOf(1);
    plan.layout_hash = SmallLayout().hash;
    auto model = std::make_shared<ModelVersion>();
    model->values = ParameterSet(*ParameterSpec::Create(SmallModel()));
    plan.model = model;
    const MaskingIdentity& identity = *world.config.masking;
    const auto terms =
        MaskingTermsOf({*MakeManifest(Masked()), SmallLayout(), *identity.membership, identity.aggregator, 0},
                       plan.key, plan.kind, model->ref);
    ASSERT_TRUE(terms.ok()) << terms.status().ToString();
    plan.masking = PlanMasking{secagg::RoundContext(*terms), {}, {}};
    world.Hear(std::move(plan));
    ASSERT_TRUE(world.Has<BeginMasking>()) << "the attempt was not joined";
  }
  static void Catch(AgentWorld& world) {
    MaskingStep step;
    step.has_left = true;
    step.contradiction = std::make_shared<const secagg::Contradiction>(FakeContradiction());
    world.Do(MaskingStepped{KeyOf(1), std::move(step)});
  }
  void TakePartAndCatch(AgentWorld& world) {
    world.Connect();
    world.Offer(Masked());
    world.Offer(Other());
    JoinAttempt(world);
    Catch(world);
  }
  static const ClientAgent::Job& JobOf(const AgentWorld& world, std::uint64_t id) {
    return *std::ranges::find(world.agent.jobs(), JobId{id}, &ClientAgent::Job::id);
  }
};

TEST_F(ContradictionAgentTest, JobIsStoppedTheEvidenceKeptAndTheAggregatorTold) {
  AgentWorld world(Config());
  TakePartAndCatch(world);
  EXPECT_TRUE(world.Has<KillWork>());
  EXPECT_TRUE(world.Has<EndMasking>());
  ASSERT_NE(world.Persisted<ContradictionFound>(), nullptr);
  EXPECT_EQ(world.Persisted<ContradictionFound>()->digest, kDigest);
  ASSERT_NE(world.Sent<RoundDecline>(), nullptr);
  EXPECT_EQ(world.Sent<RoundDecline>()->reason_id, errors::kSecAggContradiction.value);
  ASSERT_NE(world.Sent<JobReply>(), nullptr);
  EXPECT_EQ(world.Sent<JobReply>()->answer, JobAnswer::kDecline);
  EXPECT_EQ(JobOf(world, 1).reason, errors::kSecAggContradiction);
}

TEST_F(ContradictionAgentTest, OtherJobsGoOn) {
  AgentWorld world(Config());
  TakePartAndCatch(world);
  EXPECT_EQ(JobOf(world, 2).answer, JobAnswer::kAccept);
  world.Plan(KeyOf(1, 1, 2));
  EXPECT_TRUE(world.Has<StartWork>());
}

TEST_F(ContradictionAgentTest, LaterRoundsOfTheJobAreDeclined) {
  AgentWorld world(Config());
  TakePartAndCatch(world);
  world.Plan(KeyOf(1, 2));
  ASSERT_NE(world.Sent<RoundDecline>(), nullptr);
  EXPECT_FALSE(world.Has<StartWork>());
}

TEST_F(ContradictionAgentTest, NeitherAnOfferNorAPersonNorAPolicyBringsTheJobBack) {
  AgentWorld world(Config());
  TakePartAndCatch(world);
  world.Offer(Masked());
  EXPECT_EQ(JobOf(world, 1).answer, JobAnswer::kDecline);
  world.Do(ApprovalChanged{kDigest, ApprovalDecision::kApproved, "uid 7"});
  EXPECT_EQ(JobOf(world, 1).answer, JobAnswer::kDecline);
  world.Do(PolicyChanged{});
  EXPECT_EQ(JobOf(world, 1).answer, JobAnswer::kDecline);
  EXPECT_EQ(JobOf(world, 1).reason, errors::kSecAggContradiction);
}

TEST_F(ContradictionAgentTest, RestartedAgentDeclinesTheJobStill) {
  AgentSnapshot snapshot;
  snapshot.stopped = {{KeyOf(1), kDigest, {}}};
  AgentWorld world(Config(), std::move(snapshot));
  world.Connect();
  world.Offer(Masked());
  ASSERT_NE(world.Sent<JobReply>(), nullptr);
  EXPECT_EQ(world.Sent<JobReply>()->reason_id, errors::kSecAggContradiction.value);
  EXPECT_NE(world.Sent<JobReply>()->reason.find("round 1, attempt 1"), std::string::npos);
}

TEST_F(ContradictionAgentTest, JobIsStoppedThoughTheEvidenceCannotBeStored) {
  AgentWorld world(Config());
  TakePartAndCatch(world);
  world.Do(AgentActionFailed{Status(errors::kStorageFull, "no space")});
  EXPECT_EQ(JobOf(world, 1).answer, JobAnswer::kDecline);
  world.Plan(KeyOf(1, 2));
  EXPECT_FALSE(world.Has<StartWork>());
  world.Offer(Masked());
  EXPECT_EQ(world.Sent<JobReply>()->reason_id, errors::kSecAggContradiction.value);
}

TEST(ContradictionDriverTest, PeopleSeeTheStoppedJobItsEvidenceAndWhyNoYesHelps) {
  const auto memory = std::make_shared<DriverWorld::Memory>();
  {
    DriverWorld world(memory);
    const auto evidence = std::make_shared<const secagg::Contradiction>(FakeContradiction());
    ASSERT_TRUE(world.store->Apply(ContradictionFound{KeyOf(1), "digest-1", evidence}).ok());
  }
  DriverWorld world(memory);
  world.TakePart();
  const std::string jobs = world.driver.HandleAdmin(R"({"command":"jobs"})", "uid 7");
  EXPECT_NE(jobs.find("CAIRN-6112"), std::string::npos) << jobs;
  const std::string status = world.driver.HandleAdmin(R"({"command":"status"})", "uid 7");
  EXPECT_NE(status.find("agent/evidence/1-1-1.evidence"), std::string::npos) << status;
  const std::string yes = world.driver.HandleAdmin(R"({"command":"approve","job":"1"})", "uid 7");
  EXPECT_NE(yes.find("\"error\""), std::string::npos) << yes;
  EXPECT_NE(yes.find("CAIRN-6112"), std::string::npos) << yes;
}

// The desk of one site in an attempt whose aggregator shows it a second cohort.
TEST(ContradictionDeskTest, StepThatCatchesTheAggregatorGivesTheProofAndNoError) {
  using namespace secagg;
  SecAggScript script({.n = 7});
  script.Advertise();
  MaskingDesk desk("site-0", nullptr, [&](const RoundKey&) { return script.PrimitivesOf(0); });
  const RoundKey key = KeyOf(1);
  ASSERT_TRUE(
      desk.Begin({key, script.terms, script.floors, {script.membership, script.terms.aggregator}}).ok());
  ASSERT_TRUE(desk.Step({key, *script.server->CohortFor(0)}).ok());
  const LyingAggregator liar(script);
  const CohortMessage other = liar.MessageFor(liar.FormOf(Without(Range(7), {3})), 0);
  const Result<MaskingStep> step = desk.Step({key, other});
  ASSERT_TRUE(step.ok()) << step.status().ToString();
  EXPECT_FALSE(step->reply.has_value());
  ASSERT_NE(step->contradiction, nullptr);
  EXPECT_TRUE(CheckContradiction(*step->contradiction, script.terms.aggregator).ok());
  EXPECT_FALSE(desk.Step({key, *script.server->CohortFor(0)}).ok());  // it has left the attempt
}

}  // namespace
}  // namespace cairn

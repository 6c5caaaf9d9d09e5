#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "client/agent/client_agent.h"
#include "privacy/secagg/shared/terms.h"
#include "tests/testing/fake_update.h"

// A world of one agent for tests: a small job, updates of three numbers, and the hands that move
// events in and take actions out.

namespace cairn {

inline std::vector<TensorSpec> SmallModel() { return {{"w", {3}, Role::kParameter, Scope::kExchanged}}; }

struct ManifestTerms {
  std::uint64_t id = 1;
  std::string name = "cardio-risk";
  std::string digest = "digest-1";
  SecAggMode secagg = SecAggMode::kOff;
  std::uint32_t min_clients = 4;
  std::vector<TensorSpec> tensors = SmallModel();
  std::optional<PrivacyTerms> privacy = {};
};

inline std::shared_ptr<const JobManifest> MakeManifest(const ManifestTerms& terms = {}) {
  auto manifest = std::make_shared<JobManifest>();
  manifest->id = JobId{terms.id};
  manifest->spec.name = terms.name;
  manifest->spec.data.dataset = "cardio";
  manifest->spec.secagg.mode = terms.secagg;
  manifest->spec.cohort.min_clients = terms.min_clients;
  manifest->spec.privacy = terms.privacy;
  manifest->tensors = terms.tensors;
  manifest->digest = terms.digest;
  return manifest;
}

// A job whose round is ten lots of 32, for a site with 320 patients.
inline ManifestTerms PrivateTerms() {
  ManifestTerms terms;
  terms.digest = std::string(64, 'a');
  terms.privacy = PrivacyTerms{};
  return terms;
}

// A job that protects the site as a whole, by noise that it adds a share of.
inline ManifestTerms ClientTerms(double clip_quantile = 0) {
  ManifestTerms terms;
  terms.digest = std::string(64, 'a');
  terms.secagg = SecAggMode::kFull;
  terms.privacy = PrivacyTerms{.unit = PrivacyUnit::kClient,
                               .mechanism = PrivacyTerms::Mechanism::kDistributed,
                               .clip = 0.5,
                               .delta = {},
                               .clip_quantile = clip_quantile};
  return terms;
}

// With so much that `rounds` of PrivateTerms' rounds fit, and no more.
inline std::vector<PrivacyDomain> DomainsFor(std::uint64_t rounds) {
  const auto event = PrivateRoundOf(MakeManifest(PrivateTerms())->spec, 320)->event;
  const auto account = NewRdpAccountant(event.convention());
  for (std::uint64_t i = 0; i < rounds; ++i) EXPECT_TRUE(account->Compose(event).ok());
  const EpsilonDelta cap = account->EpsilonFor(Delta::DefaultFor(320).value());
  return {{"patients", {"cardio"}, 320, {cap, event.convention(), AccountantKind::kRdp}}};
}
inline PrivacyDesk DeskFor(std::uint64_t rounds) {
  auto domains = DomainsFor(rounds);
  auto ledger = PrivacyLedger::InMemory(DomainTermsOf(domains));
  return PrivacyDesk(std::move(domains), std::move(ledger));
}

inline WorkResult MakeWork(std::vector<float> values = {1, 2, 3}, std::int64_t examples = 100) {
  WorkResult work;
  work.report.examples = examples;
  work.update = std::make_shared<FakeUpdate>(std::move(values), 0.5);
  return work;
}

inline UpdateLayout SmallLayout() {
  auto spec = ParameterSpec::Create(SmallModel());
  return LayoutOf(*spec);
}

inline SitePolicy WillingPolicy() {
  SitePolicy policy;
  policy.approval = ApprovalMode::kAuto;
  policy.secagg = SecAggPolicy::kPlainOk;
  policy.datasets = {{"cardio", {"cardio-*"}}};
  return policy;
}

inline RoundKey KeyOf(std::uint64_t round, std::uint32_t attempt = 1, std::uint64_t job = 1) {
  return {JobId{job}, RoundId{round}, attempt};
}

inline EgressClearance ClearanceOf(RoundKey key) { return EgressClearance::Open(JobManifest(), key).value(); }

inline SealedReport Sealed(RoundKey key) {
  return EgressGuard(EgressGuard::Limits{})
      .Seal(ClearanceOf(key), RoundKind::kTrain, MakeWork(), SmallLayout())
      .value();
}

// Of an aggregator that named two sets of survivors; what it is worth is privacy/secagg's to test.
inline secagg::Contradiction FakeContradiction() {
  const secagg::SiteSet all = secagg::SiteSet::All(4);
  secagg::SiteSet fewer = all;
  fewer.Remove(2);
  return {secagg::RoundContextBytes(secagg::Terms{}),
          secagg::TwoSurvivors{{4, {}, {}}, all, {all, {}}, {fewer, {}}}};
}

class AgentWorld {
 public:
  explicit AgentWorld(AgentConfig with = {})
      : config(std::move(with)), agent(config, {"site-a", 7}, random) {}
  AgentWorld(AgentConfig with, const PrivacyDesk& desk, AgentSnapshot snapshot = {})
      : config(std::move(with)),
        agent(ClientAgent::Restore(config, {"site-a", 7, &desk}, random, std::move(snapshot))) {}
  AgentWorld(AgentConfig with, AgentSnapshot snapshot)
      : config(std::move(with)),
        agent(ClientAgent::Restore(config, {"site-a", 7}, random, std::move(snapshot))) {}

  static AgentConfig Willing() {
    AgentConfig config;
    config.policy = WillingPolicy();
    return config;
  }

  // One event; what came of it replaces `actions`.
  void Do(AgentEvent event) {
    actions.clear();
    agent.Step(now, std::move(event), actions);
  }
  void Hear(ServerMessage message) { Do(ServerSaid{std::move(message)}); }
  void Connect(Duration heartbeat = {}) {
    if (agent.state() == AgentState::kIdle) Do(AgentStarted{});
    Do(ChannelOpened{});
    Welcome welcome;
    welcome.heartbeat = heartbeat;
    Hear(welcome);
  }
  void Offer(const ManifestTerms& terms = {}) { Hear(JobOffer{MakeManifest(terms)}); }
  void Plan(RoundKey key, std::uint64_t layout_hash = SmallLayout().hash, double clip = 0) {
    RoundPlan plan;
    plan.key = key;
    plan.clip = clip;
    plan.layout_hash = layout_hash;
    auto model = std::make_shared<ModelVersion>();
    auto spec = ParameterSpec::Create(SmallModel());
    model->values = ParameterSet(std::move(*spec));
    plan.model = std::move(model);
    Hear(std::move(plan));
  }
  void Finish(RoundKey key) { Do(WorkDone{key, Sealed(key)}); }
  // Connected, one job accepted.
  void TakePart() {
    Connect();
    Offer();
  }

  // The first action of this type, null when there is none.
  template <class T>
  const T* Find() const {
    for (const AgentAction& action : actions) {
      if (const T* found = std::get_if<T>(&action)) return found;
    }
    return nullptr;
  }
  template <class T>
  bool Has() const {
    return Find<T>() != nullptr;
  }
  template <class T>
  const T* Sent() const {
    for (const AgentAction& action : actions) {
      const auto* send = std::get_if<SendToServer>(&action);
      if (send != nullptr && std::holds_alternative<T>(send->message)) return &std::get<T>(send->message);
    }
    return nullptr;
  }
  template <class T>
  const T* Persisted() const {
    for (const AgentAction& action : actions) {
      const auto* persist = std::get_if<PersistAgent>(&action);
      if (persist != nullptr && std::holds_alternative<T>(persist->record))
        return &std::get<T>(persist->record);
    }
    return nullptr;
  }
  // Where the first action of this kind stands in the list.
  template <class T>
  std::size_t PlaceOf() const {
    for (std::size_t i = 0; i < actions.size(); ++i) {
      if (std::holds_alternative<T>(actions[i])) return i;
    }
    return actions.size();
  }
  template <class T>
  std::size_t Count() const {
    std::size_t count = 0;
    for (const AgentAction& action : actions) count += std::holds_alternative<T>(action) ? 1 : 0;
    return count;
  }

  TimePoint now;
  AgentConfig config;
  SeededRandom random{42};
  ClientAgent agent;
  AgentActions actions;
};

}  // namespace cairn

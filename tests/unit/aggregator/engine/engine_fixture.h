#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "aggregator/engine/job_engine.h"
#include "aggregator/engine/round_work.h"
#include "tests/testing/fake_update.h"

namespace cairn {

// A job over a model of three numbers, driven by hand: the test says what happens, `actions` holds
// what the engine answered to it.
class JobScript {
 public:
  JobScript() {
    spec.name = "three-numbers";
    spec.secagg.mode = SecAggMode::kOff;
    spec.strategy.rounds = 2;
    spec.cohort.min_clients = 2;
    spec.evaluate.federated = false;
  }

  static ParameterSpec Model() {
    return *ParameterSpec::Create({{"w", {3}, Role::kParameter, Scope::kExchanged}});
  }

  std::shared_ptr<const JobManifest> Manifest() {
    auto manifest = std::make_shared<JobManifest>();
    manifest->id = JobId{7};
    manifest->spec = spec;
    manifest->tensors = Model().tensors();
    return manifest;
  }

  JobParts Parts() {
    JobParts parts;
    parts.random = &random;
    parts.stall_timeout = stall_timeout;
    parts.least_reports = least_reports;
    parts.can_pause = can_pause;
    return parts;
  }

  Result<std::unique_ptr<JobEngine>> Create() {
    return JobEngine::Create(Manifest(), MakeModelVersion(ParameterSet(Model())), Parts());
  }

  void Begin() {
    auto created = Create();
    ASSERT_TRUE(created.ok()) << created.status().ToString();
    engine = std::move(*created);
    engine->Start(now, actions);
  }

  void Step(Event event) {
    actions.clear();
    engine->Step(now, std::move(event), actions);
  }
  // Both halves of a site's entry: admission, and its yes to the job.
  void Join(std::uint64_t session, const std::string& site) {
    Step(Joined{SessionId{session}, site});
    Step(Received{SessionId{session}, JobReply{JobId{7}, JobAnswer::kAccept, 0, ""}});
  }
  void Report(std::uint64_t session, RoundKey key, std::int64_t examples = 10) {
    cairn::Report report;
    report.key = key;
    report.kind = RoundKind::kTrain;
    report.examples = examples;
    report.layout_hash = engine->layout().hash;
    report.update = std::make_shared<FakeUpdate>(std::vector<float>{1, 2, 3});
    Step(Received{SessionId{session}, std::move(report)});
  }
  void Finish(RoundKey key) { Step(Finished{key, engine->model(), {}, {}, {}}); }
  RoundKey Key(std::uint64_t round, std::uint32_t attempt = 1) const {
    return {JobId{7}, RoundId{round}, attempt};
  }

  template <class T>
  std::vector<T> All() const {
    std::vector<T> found;
    for (const Action& action : actions) {
      if (const T* hit = std::get_if<T>(&action)) found.push_back(*hit);
    }
    return found;
  }
  template <class T>
  std::vector<T> Records() const {
    std::vector<T> found;
    for (const Persist& persist : All<Persist>()) {
      if (const T* hit = std::get_if<T>(&persist.record.body)) found.push_back(*hit);
    }
    return found;
  }
  // Messages of one kind, with the session each went to.
  template <class T>
  std::vector<std::pair<std::uint64_t, T>> Sent() const {
    std::vector<std::pair<std::uint64_t, T>> found;
    for (const Send& send : All<Send>()) {
      if (const T* hit = std::get_if<T>(&send.message)) found.emplace_back(send.session.value, *hit);
    }
    return found;
  }
  template <class T>
  std::size_t IndexOf() const {
    for (std::size_t i = 0; i < actions.size(); ++i) {
      if (std::holds_alternative<T>(actions[i])) return i;
    }
    return actions.size();
  }

  JobSpec spec;
  SeededRandom random{1};
  Duration stall_timeout{0};
  bool can_pause = true;
  std::function<std::size_t(const RoundKey&, const std::vector<ClientId>&)> least_reports;
  TimePoint now;
  std::unique_ptr<JobEngine> engine;
  Actions actions;
};

}  // namespace cairn

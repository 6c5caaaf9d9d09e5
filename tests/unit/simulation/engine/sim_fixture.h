#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "client/data/made_data.h"
#include "client/learning/initial_model.h"
#include "client/learning/linear_task.h"
#include "protocol/messages/manifest.h"
#include "simulation/engine/population_builder.h"
#include "simulation/engine/sim_driver.h"
#include "simulation/engine/sim_masking.h"

namespace cairn {

// What a simulation told.
class Collect final : public SimObserver {
 public:
  Status OnRound(const RoundSummary& summary, const ModelHandle& model, const MetricSums& central,
                 std::size_t lost) override {
    summaries.push_back(summary);
    lost_clients.push_back(lost);
    models.push_back(model->ref.hex());
    centrals.push_back(central);
    return {};
  }
  void OnEvent(const DomainEvent& event) override { events.push_back(event); }

  std::vector<RoundSummary> summaries;
  std::vector<std::size_t> lost_clients;
  std::vector<std::string> models;
  std::vector<MetricSums> centrals;
  std::vector<DomainEvent> events;

  bool Heard(const std::string& name) const {
    return std::ranges::any_of(events, [&](const DomainEvent& event) { return event.name == name; });
  }
};

// The same run, whatever carried its messages and however many lanes worked on it.
inline void ExpectSame(const Collect& a, const Collect& b) {
  EXPECT_EQ(a.models, b.models);
  EXPECT_EQ(a.lost_clients, b.lost_clients);
  EXPECT_EQ(a.Heard("round.abandoned"), b.Heard("round.abandoned"));
  ASSERT_EQ(a.summaries.size(), b.summaries.size());
  for (std::size_t i = 0; i < a.summaries.size(); ++i) {
    EXPECT_EQ(a.summaries[i].key, b.summaries[i].key) << i;  // the same attempt was the one that held
    EXPECT_EQ(a.summaries[i].reported, b.summaries[i].reported) << i;
    EXPECT_EQ(a.summaries[i].metrics, b.summaries[i].metrics) << i;
    EXPECT_EQ(a.summaries[i].examples, b.summaries[i].examples) << i;
  }
}

// A linear model of made blobs over clients of unequal size.
class SimDriverTest : public testing::Test {
 protected:
  SimDriverTest() {
    spec_.name = "blobs";
    spec_.seed = 11;
    spec_.model = {"linear", {{"inputs", std::int64_t{6}}, {"outputs", std::int64_t{3}}}, "seed:3"};
    spec_.train.batch = 8;
    spec_.train.optimizer.lr = 0.05;
    spec_.strategy.rounds = 4;
    spec_.data.dataset = "blobs";
    spec_.data.holdout = 0.2;
  }

  // `count` clients of unequal size over one set.
  std::vector<SimClient> Clients(std::size_t count) const {
    const std::shared_ptr<const ExampleSource> all = MadeBlobs(5, 900, 6, 3);
    std::vector<SimClient> clients;
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto size = static_cast<std::uint32_t>(20 + 7 * (i % 5));
      std::vector<std::uint32_t> rows(size);
      for (auto& row : rows) row = next++ % all->size();
      HoldoutSplit split =
          TrainHoldoutSplit(rows, 0.2, SeededRandom(spec_.seed).Open({Purpose::kHoldout, 0, i}));
      clients.push_back({SimSiteName(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(count)),
                         std::make_shared<Subset>(all, split.train),
                         std::make_shared<Subset>(all, split.holdout)});
    }
    return clients;
  }

  Result<std::unique_ptr<SimDriver>> Create(SimConfig config, std::size_t clients = 9) {
    auto first = InitialModel(factory_, spec_.model, spec_.freeze, {});
    EXPECT_TRUE(first.ok()) << first.status().ToString();
    SimParts parts;
    parts.initial = MakeModelVersion(std::move(*first));
    auto manifest = std::make_shared<JobManifest>();
    manifest->id = JobId{1};
    manifest->spec = spec_;
    manifest->spec.cohort.min_clients = static_cast<std::uint32_t>(clients);
    manifest->federation = "test";
    manifest->submitter = "researcher";
    manifest->tensors = parts.initial->values.spec().tensors();
    manifest->classes = 3;
    manifest->initial_model = parts.initial->ref;
    parts.clients = Clients(clients);
    if (spec_.secagg.is_grouped()) {
      for (const SimClient& client : parts.clients) manifest->group_sites.push_back(client.site);
      std::ranges::sort(manifest->group_sites);
      manifest->group_roster = SimRosterHash(manifest->group_sites).hex();
    }
    manifest->digest = ComputeDigest(*manifest);
    parts.manifest = manifest;
    parts.test = MadeBlobs(5, 200, 6, 3, 2.0, 900);
    parts.learners = &factory_;
    return SimDriver::Create(config, std::move(parts));
  }

  Collect Run(SimConfig config, std::size_t clients = 9) {
    Collect collect;
    auto driver = Create(config, clients);
    EXPECT_TRUE(driver.ok()) << driver.status().ToString();
    if (!driver.ok()) return collect;
    const auto end = (*driver)->Run(collect, {});
    EXPECT_TRUE(end.ok()) << end.status().ToString();
    if (end.ok()) {
      EXPECT_EQ(end->outcome, JobOutcome::kFinished) << end->reason;
    }
    return collect;
  }

  LinearTaskFactory factory_;
  JobSpec spec_;
};

}  // namespace cairn

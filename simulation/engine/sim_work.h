#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "client/agent/agent_messages.h"
#include "client/data/example_source.h"
#include "client/learning/noise_source.h"
#include "client/policy/egress_guard.h"
#include "core/base/random.h"
#include "core/runtime/lane_pool.h"
#include "simulation/engine/learner_pool.h"

namespace cairn {

// One simulated participant: its name and its rows.
struct SimClient {
  std::string site;
  std::shared_ptr<const ExampleSource> train;
  std::shared_ptr<const ExampleSource> holdout;  // may be empty
};

// An update still lying in the resident model that trained it. Holding it holds the model.
class LeasedUpdate final : public UpdatePayload {
 public:
  LeasedUpdate(LearnerPool::Lease lease, ModelHandle base, const UpdateLayout& layout)
      : lease_(std::move(lease)), base_(std::move(base)), layout_(layout) {}
  UpdateView view() const override;

 private:
  LearnerPool::Lease lease_;
  ModelHandle base_;
  UpdateLayout layout_;
};

// The simulator's worker: trains, measures and seals clients on lanes, each in a leased resident
// model. What it computes is a function of the request and the client's rows alone. One control
// thread submits and takes.
class SimWorkers {
 public:
  SimWorkers(LanePool& lanes, LearnerPool& learners, const SeededRandom& random, EgressGuard guard)
      : lanes_(lanes), learners_(learners), random_(random), noise_(random.seed()), guard_(guard) {}

  // A report; of a masked round what is still to be masked.
  using Sealed = std::variant<SealedReport, std::shared_ptr<SealedContribution>>;
  struct Done {
    std::size_t lane = 0;  // where it ran: its update is in that core's cache
    Result<Sealed> sealed;
  };
  using Ticket = std::future<Done>;
  // For whichever lane is free first; none while all models are lent. `client` must outlive it.
  std::optional<Ticket> TryStart(const StartWork& work, const SimClient& client, std::stop_token stop);
  // At any price, that of one more model included.
  Result<Ticket> Start(const StartWork& work, const SimClient& client, std::stop_token stop);

 private:
  Ticket Submit(LearnerPool::Lease lease, const StartWork& work, const SimClient& client,
                std::stop_token stop);
  Result<Sealed> Run(LearnerPool::Lease lease, const StartWork& work, const SimClient& client,
                     std::stop_token stop);

  LanePool& lanes_;
  LearnerPool& learners_;
  const RandomSource& random_;
  const SimulatedNoise noise_;
  EgressGuard guard_;
};

// Metrics of a model on a whole set, split over the lanes; integer sums, so equal for any number.
Result<MetricSums> EvaluateOnLanes(const ModelVersion& model, Loss loss,
                                   const std::shared_ptr<const ExampleSource>& data, LanePool& lanes,
                                   LearnerPool& learners);

}  // namespace cairn

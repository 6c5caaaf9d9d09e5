#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "client/agent/agent_messages.h"
#include "client/data/example_source.h"
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
  std::size_t lane() const { return lease_.lane(); }

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
  SimWorkers(LanePool& lanes, LearnerPool& learners, const RandomSource& random, EgressGuard guard)
      : lanes_(lanes),
        learners_(learners),
        random_(random),
        guard_(guard),
        outstanding_(learners.lanes(), 0) {}

  // A report; of a masked round what is still to be masked.
  using Sealed = std::variant<SealedReport, std::shared_ptr<SealedContribution>>;
  struct Ticket {
    std::size_t lane = 0;
    std::future<Result<Sealed>> sealed;
  };
  // Starts the work on the least busy lane. `client` must outlive it.
  Ticket Start(const StartWork& work, const SimClient& client, std::stop_token stop);
  Result<Sealed> Take(Ticket ticket);  // waits
  std::size_t free_slots() const;      // pieces that may be started now: two a lane

 private:
  Result<Sealed> Run(std::size_t lane, const StartWork& work, const SimClient& client, std::stop_token stop);

  LanePool& lanes_;
  LearnerPool& learners_;
  const RandomSource& random_;
  EgressGuard guard_;
  std::vector<std::size_t> outstanding_;  // a lane
};

// Metrics of a model on a whole set, split over the lanes; integer sums, so equal for any number.
Result<MetricSums> EvaluateOnLanes(const ModelVersion& model, Loss loss,
                                   const std::shared_ptr<const ExampleSource>& data, LanePool& lanes,
                                   LearnerPool& learners);

}  // namespace cairn

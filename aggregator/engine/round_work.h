#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "aggregator/aggregation/ring_sum.h"
#include "aggregator/aggregation/update_aggregator.h"
#include "aggregator/engine/grouping.h"
#include "aggregator/strategy/strategy.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "protocol/messages/messages.h"

namespace cairn {

// The model-sized half of a job, run by drivers on lanes while the engines keep the books: one sum a
// lane, merged and turned into the next model at the end of a round. Sums are exact integers, so
// neither the lane nor the order of a fold changes a bit of the result.
//
// Open, Finish and Adopt are called with no fold in flight; Fold on any lane, one call a lane at a time.
class RoundWork {
 public:
  // `model` is the current version and `memory` what EncodeMemory gave after it; empty before round 1.
  static Result<std::unique_ptr<RoundWork>> Create(const StrategyConfig& config, ModelHandle model,
                                                   std::span<const std::byte> memory, std::size_t lanes);

  void Open(const RoundKey& key);  // forgets every earlier sum
  // The same for a round whose sums are made in a ring, one a group: of training or of evaluation alone.
  void OpenRing(const RoundKey& key, std::shared_ptr<const MaskedLayout> layout,
                const Grouping& grouping = {});
  // Ignored unless `key` is the open attempt's. The view has passed CheckUpdate.
  void Fold(std::size_t lane, const RoundKey& key, UpdateView view, double weight);
  void FoldRing(std::size_t lane, const RoundKey& key, std::uint32_t group, std::span<const std::byte> words);
  // The open ring sums as bytes, group after group, and back: what an aggregator keeps before it names the
  // survivors. kStorageCorrupt for another length.
  std::vector<std::byte> TakeRings();
  Status PutRings(std::span<const std::byte> bytes);
  // The next model and the counts from the open ring sums, their masks taken off; of several groups by their
  // rule. Of an evaluation the model is the present one. A sum that fails its checks is discarded; when fewer
  // than grouping.least are left, its kSecAggUnmasked is the result.
  struct Opened {
    ModelHandle model;
    OpenedCounts counts;
    std::vector<DiscardedSum> discarded;
    std::optional<double> share_within;  // where the clip adapts
  };
  // `central` where the aggregator adds the noise of the round: of one sum, not of groups.
  Result<Opened> FinishRings(std::span<const GroupSum> sums,
                             std::optional<CentralRelease> central = std::nullopt);
  // The next model from the open attempt's sum. The current one stays until Adopt, so a commit whose
  // record could not be made durable leaves no trace.
  Result<ModelHandle> Finish();
  std::vector<std::byte> EncodeMemory() const;  // of the strategy as Finish left it
  void Adopt();                                 // once the record of the commit is durable

  TrainConfig Configure(const TrainConfig& train) const { return strategy_->Configure(train, memory_); }
  const ModelHandle& model() const { return model_; }

 private:
  RoundWork(std::unique_ptr<Strategy> strategy, ModelHandle model, std::size_t lanes);
  Result<ModelHandle> Apply(const AggregateUpdate& mean);
  RingSum& MergeRing(std::uint32_t group);  // into lane 0
  Result<AggregateUpdate> Combine(std::vector<AggregateUpdate> means) const;

  std::unique_ptr<Strategy> strategy_;
  UpdateLayout layout_;
  ModelHandle model_, next_model_;
  // The optimizer's own state; its `model` is empty between rounds, since model_ holds those values.
  ServerState memory_, next_memory_;
  RoundKey open_;
  std::vector<std::unique_ptr<UpdateAggregator>> sums_;  // by lane; null until a lane's first fold
  std::shared_ptr<const MaskedLayout> ring_layout_;      // null: the open round's sums are plain
  Grouping grouping_;
  using LaneRings = std::vector<std::unique_ptr<RingSum>>;  // by group, likewise
  std::vector<LaneRings> rings_;                            // by lane
};

// A model version named by its content.
ModelHandle MakeModelVersion(ParameterSet values);

}  // namespace cairn

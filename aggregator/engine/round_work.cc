#include "aggregator/engine/round_work.h"

#include <utility>

#include "aggregator/strategy/server_state.h"
#include "protocol/messages/blob_ref.h"

namespace cairn {

ModelHandle MakeModelVersion(ParameterSet values) {
  auto version = std::make_shared<ModelVersion>();
  version->values = std::move(values);
  version->ref = BlobRefOf(version->values.bytes());
  return version;
}

RoundWork::RoundWork(std::unique_ptr<Strategy> strategy, ModelHandle model, std::size_t lanes)
    : strategy_(std::move(strategy)),
      layout_(LayoutOf(model->values.spec())),
      model_(std::move(model)),
      sums_(lanes) {}

Result<std::unique_ptr<RoundWork>> RoundWork::Create(const StrategyConfig& config, ModelHandle model,
                                                     std::span<const std::byte> memory, std::size_t lanes) {
  CAIRN_ASSIGN_OR_RETURN(auto strategy, NewStrategy(config));
  std::unique_ptr<RoundWork> work(new RoundWork(std::move(strategy), std::move(model), lanes));
  work->memory_ = work->strategy_->Start(work->model_->values.Clone());
  if (!memory.empty())
    CAIRN_RETURN_IF_ERROR(DecodeServerState(memory, work->strategy_->name(), work->memory_));
  work->memory_.model = ParameterSet();
  return work;
}

void RoundWork::Open(const RoundKey& key) {
  open_ = key;
  for (auto& sum : sums_) sum.reset();
}

void RoundWork::Fold(std::size_t lane, const RoundKey& key, UpdateView view, double weight) {
  if (key != open_) return;
  if (sums_[lane] == nullptr) sums_[lane] = strategy_->NewAggregator(layout_);
  view.weight = weight;
  sums_[lane]->Accumulate({&view, 1});
}

Result<ModelHandle> RoundWork::Finish() {
  std::unique_ptr<UpdateAggregator> total;
  for (auto& sum : sums_) {
    if (sum == nullptr) continue;
    if (total == nullptr) {
      total = std::move(sum);
    } else {
      CAIRN_RETURN_IF_ERROR(total->Merge(std::move(*sum).TakePartial()));
      sum.reset();
    }
  }
  if (total == nullptr) total = strategy_->NewAggregator(layout_);
  CAIRN_ASSIGN_OR_RETURN(const AggregateUpdate mean, std::move(*total).Report());
  total.reset();  // the sum is twice the model: gone before the next one is made

  next_memory_ = {model_->values.Clone(), memory_.m, memory_.v, memory_.round};
  CAIRN_RETURN_IF_ERROR(strategy_->Apply(mean, next_memory_));
  next_model_ = MakeModelVersion(std::exchange(next_memory_.model, ParameterSet()));
  return next_model_;
}

std::vector<std::byte> RoundWork::EncodeMemory() const {
  // The layout goes into the file, so the state needs its model for as long as it is written.
  ServerState state{next_model_->values.Clone(), next_memory_.m, next_memory_.v, next_memory_.round};
  return EncodeServerState(strategy_->name(), state);
}

void RoundWork::Adopt() {
  model_ = std::move(next_model_);
  memory_ = std::move(next_memory_);
}

}  // namespace cairn

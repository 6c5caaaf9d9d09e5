#include "aggregator/engine/round_work.h"

#include <algorithm>
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
      sums_(lanes),
      rings_(lanes) {}

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
  for (auto& ring : rings_) ring.reset();
  ring_layout_.reset();
}

void RoundWork::OpenRing(const RoundKey& key, std::shared_ptr<const MaskedLayout> layout) {
  Open(key);
  ring_layout_ = std::move(layout);
}

void RoundWork::FoldRing(std::size_t lane, const RoundKey& key, std::span<const std::byte> words) {
  if (key != open_ || ring_layout_ == nullptr) return;
  if (rings_[lane] == nullptr) rings_[lane] = std::make_unique<RingSum>(ring_layout_);
  rings_[lane]->Add(words);
}

// Leaves the whole sum with lane 0.
std::vector<std::byte> RoundWork::TakeRing() {
  MergeRings();
  const auto bytes = rings_[0]->bytes();
  return {bytes.begin(), bytes.end()};
}

Status RoundWork::PutRing(std::span<const std::byte> bytes) {
  if (ring_layout_ == nullptr || bytes.size() != ring_layout_->byte_size())
    return Status(errors::kStorageCorrupt,
                  "the kept sum of a masked round has another length than its layout");
  for (auto& ring : rings_) ring.reset();
  rings_[0] = std::make_unique<RingSum>(ring_layout_);
  std::ranges::copy(bytes, rings_[0]->mutable_bytes().begin());
  return {};
}

void RoundWork::MergeRings() {
  if (rings_[0] == nullptr) rings_[0] = std::make_unique<RingSum>(ring_layout_);
  for (std::size_t lane = 1; lane < rings_.size(); ++lane) {
    if (rings_[lane] == nullptr) continue;
    rings_[0]->Merge(*rings_[lane]);
    rings_[lane].reset();
  }
}

Result<RoundWork::Opened> RoundWork::FinishRing(const secagg::UnmaskWork& unmask, std::uint64_t survivors) {
  MergeRings();
  rings_[0]->Unmask(unmask);
  CAIRN_ASSIGN_OR_RETURN(const OpenedSum sum, OpenRingSum(*rings_[0], layout_, survivors));
  rings_[0].reset();
  if (ring_layout_->kind == RoundKind::kEvaluate) return Opened{model_, sum.counts};
  CAIRN_ASSIGN_OR_RETURN(ModelHandle model, Apply(sum.update));
  return Opened{std::move(model), sum.counts};
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
  return Apply(mean);
}

Result<ModelHandle> RoundWork::Apply(const AggregateUpdate& mean) {
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

#include "aggregator/engine/round_work.h"

#include <algorithm>
#include <utility>

#include "aggregator/aggregation/group_rules.h"
#include "aggregator/strategy/server_state.h"
#include "core/base/check.h"
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
  for (LaneRings& lane : rings_) lane.clear();
  ring_layout_.reset();
}

void RoundWork::OpenRing(const RoundKey& key, std::shared_ptr<const MaskedLayout> layout,
                         const Grouping& grouping) {
  Open(key);
  ring_layout_ = std::move(layout);
  grouping_ = grouping;
  for (LaneRings& lane : rings_) lane.resize(grouping.groups);
}

void RoundWork::FoldRing(std::size_t lane, const RoundKey& key, std::uint32_t group,
                         std::span<const std::byte> words) {
  if (key != open_ || ring_layout_ == nullptr) return;
  std::unique_ptr<RingSum>& ring = rings_[lane].at(group);
  if (ring == nullptr) ring = std::make_unique<RingSum>(ring_layout_);
  ring->Add(words);
}

RingSum& RoundWork::MergeRing(std::uint32_t group) {
  std::unique_ptr<RingSum>& whole = rings_[0].at(group);
  if (whole == nullptr) whole = std::make_unique<RingSum>(ring_layout_);
  for (std::size_t lane = 1; lane < rings_.size(); ++lane) {
    if (rings_[lane][group] == nullptr) continue;
    whole->Merge(*rings_[lane][group]);
    rings_[lane][group].reset();
  }
  return *whole;
}

std::vector<std::byte> RoundWork::TakeRings() {
  std::vector<std::byte> all;
  all.reserve(grouping_.groups * ring_layout_->byte_size());
  for (std::uint32_t group = 0; group < grouping_.groups; ++group) {
    const auto bytes = MergeRing(group).bytes();
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

Status RoundWork::PutRings(std::span<const std::byte> bytes) {
  if (ring_layout_ == nullptr || bytes.size() != grouping_.groups * ring_layout_->byte_size())
    return Status(errors::kStorageCorrupt,
                  "the kept sums of a masked round have another length than its layout");
  const std::size_t one = ring_layout_->byte_size();
  for (LaneRings& lane : rings_) {
    for (auto& ring : lane) ring.reset();
  }
  for (std::uint32_t group = 0; group < grouping_.groups; ++group) {
    rings_[0][group] = std::make_unique<RingSum>(ring_layout_);
    std::ranges::copy(bytes.subspan(group * one, one), rings_[0][group]->mutable_bytes().begin());
  }
  return {};
}

namespace {

// Each group's totals passed their own checks; together they wrap rather than overflow.
Status AddCounts(OpenedCounts& sum, OpenedCounts group) {
  sum.weight += group.weight;
  sum.examples = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum.examples) +
                                           static_cast<std::uint64_t>(group.examples));
  sum.clipped += group.clipped;
  if (sum.metrics.classes == 0) {
    sum.metrics = std::move(group.metrics);
    return {};
  }
  return sum.metrics.Add(group.metrics);
}

}  // namespace

Result<RoundWork::Opened> RoundWork::FinishRings(std::span<const GroupSum> sums,
                                                 std::optional<CentralRelease> central) {
  Opened opened;
  std::vector<AggregateUpdate> means;
  std::uint32_t good = 0;
  for (const GroupSum& group : sums) {
    RingSum& ring = MergeRing(group.group);
    ring.Unmask(*group.unmask);
    Result<OpenedSum> sum = OpenRingSum(ring, layout_, group.survivors, std::exchange(central, std::nullopt));
    rings_[0][group.group].reset();
    if (!sum.ok()) {
      opened.discarded.push_back({group.group, sum.status()});
      continue;
    }
    ++good;
    CAIRN_RETURN_IF_ERROR(AddCounts(opened.counts, std::move(sum->counts)));
    opened.share_within = sum->share_within;
    if (ring_layout_->kind == RoundKind::kTrain) means.push_back(std::move(sum->update));
  }
  if (good < grouping_.least && !opened.discarded.empty()) return opened.discarded.front().why;
  opened.model = model_;
  if (ring_layout_->kind == RoundKind::kEvaluate) return opened;
  CAIRN_ASSIGN_OR_RETURN(const AggregateUpdate update, Combine(std::move(means)));
  CAIRN_ASSIGN_OR_RETURN(opened.model, Apply(update));
  return opened;
}

Result<AggregateUpdate> RoundWork::Combine(std::vector<AggregateUpdate> means) const {
  if (grouping_.rule != GroupRule::kNone) return CombineGroups(means, grouping_.rule, grouping_.trim);
  CAIRN_CHECK(means.size() == 1, "a round without groups has one sum");
  return std::move(means.front());
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

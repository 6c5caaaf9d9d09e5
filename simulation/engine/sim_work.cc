#include "simulation/engine/sim_work.h"

#include <algorithm>
#include <numeric>

#include "client/learning/local_round.h"

namespace cairn {

UpdateView LeasedUpdate::view() const {
  const ParameterSet& local = lease_.task().state();
  const ParameterSet& base = base_->values;
  UpdateView view;
  view.local_parameters = local.parameters().first(layout_.parameters);
  view.base_parameters = base.parameters().first(layout_.parameters);
  view.local_buffers = local.buffers().first(layout_.buffers);
  view.base_buffers = base.buffers().first(layout_.buffers);
  view.counters = local.counters().first(layout_.counters);
  return view;
}

std::size_t SimWorkers::free_slots() const {
  std::size_t slots = 0;
  for (const std::size_t busy : outstanding_) slots += LearnerPool::kModelsPerLane - busy;
  return slots;
}

SimWorkers::Ticket SimWorkers::Start(const StartWork& work, const SimClient& client, std::stop_token stop) {
  const auto lane = static_cast<std::size_t>(std::ranges::min_element(outstanding_) - outstanding_.begin());
  ++outstanding_[lane];
  auto promise = std::make_shared<std::promise<Result<Sealed>>>();
  Ticket ticket{lane, promise->get_future()};
  lanes_.Submit(lane, [this, promise, work, &client, stop = std::move(stop)](std::size_t here) {
    promise->set_value(Run(here, work, client, stop));
  });
  return ticket;
}

Result<SimWorkers::Sealed> SimWorkers::Take(Ticket ticket) {
  Result<Sealed> sealed = ticket.sealed.get();
  --outstanding_[ticket.lane];
  return sealed;
}

Result<SimWorkers::Sealed> SimWorkers::Run(std::size_t lane, const StartWork& work, const SimClient& client,
                                           std::stop_token stop) {
  const WorkRequest& request = work.request;
  LearnerPool::Lease lease = learners_.Acquire(lane);
  WorkResult result;
  CAIRN_ASSIGN_OR_RETURN(LocalRound round, RunLocalRound(lease.task(), request, *client.train,
                                                         *client.holdout, random_, {}, stop));
  result.report = round.report;
  result.metrics = std::move(round.metrics);
  const UpdateLayout layout = LayoutOf(request.model->values.spec());
  if (request.kind == RoundKind::kTrain) {
    result.update = std::make_shared<LeasedUpdate>(std::move(lease), request.model, layout);
  }
  if (work.ring == nullptr) {
    CAIRN_ASSIGN_OR_RETURN(SealedReport report,
                           guard_.Seal(work.key, request.kind, std::move(result), layout));
    return Sealed(std::move(report));
  }
  CAIRN_ASSIGN_OR_RETURN(SealedContribution words,
                         guard_.Contribute(work.key, request.kind, std::move(result), layout,
                                           work.ring->layout, work.ring->encode));
  if (!work.ring->is_masked) return Sealed(EgressGuard::WithoutMasks(std::move(words)));
  return Sealed(std::make_shared<SealedContribution>(std::move(words)));
}

Result<MetricSums> EvaluateOnLanes(const ModelVersion& model, Loss loss,
                                   const std::shared_ptr<const ExampleSource>& data, LanePool& lanes,
                                   LearnerPool& learners) {
  std::vector<std::future<Result<MetricSums>>> parts;
  const std::uint32_t rows = data->size();
  const auto count = static_cast<std::uint32_t>(lanes.size());
  for (std::uint32_t lane = 0; lane < count; ++lane) {
    const auto begin = static_cast<std::uint32_t>(std::uint64_t{rows} * lane / count);
    const auto end = static_cast<std::uint32_t>(std::uint64_t{rows} * (lane + 1) / count);
    if (begin == end) continue;
    auto promise = std::make_shared<std::promise<Result<MetricSums>>>();
    parts.push_back(promise->get_future());
    lanes.Submit(lane, [&, promise, begin, end](std::size_t here) {
      std::vector<std::uint32_t> mine(end - begin);
      std::iota(mine.begin(), mine.end(), begin);
      LearnerPool::Lease lease = learners.Acquire(here);
      LoadModel(model, lease.task().state());
      promise->set_value(lease.task().Evaluate(loss, Subset(data, std::move(mine)), {}));
    });
  }
  // Every lane borrows from this frame: wait for all of them before any early return.
  std::vector<Result<MetricSums>> done;
  for (auto& part : parts) done.push_back(part.get());
  MetricSums sums;
  for (Result<MetricSums>& part : done) {
    CAIRN_RETURN_IF_ERROR(part.status());
    if (sums.classes == 0) sums = MetricSums::ForClasses(part->classes);
    CAIRN_RETURN_IF_ERROR(sums.Add(*part));
  }
  return sums;
}

}  // namespace cairn

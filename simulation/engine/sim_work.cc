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

std::optional<SimWorkers::Ticket> SimWorkers::TryStart(const StartWork& work, const SimClient& client,
                                                       std::stop_token stop) {
  std::optional<LearnerPool::Lease> lease = learners_.TryAcquire();
  if (!lease.has_value()) return std::nullopt;
  return Submit(*std::move(lease), work, client, std::move(stop));
}

Result<SimWorkers::Ticket> SimWorkers::Start(const StartWork& work, const SimClient& client,
                                             std::stop_token stop) {
  CAIRN_ASSIGN_OR_RETURN(LearnerPool::Lease lease, learners_.Acquire());
  return Submit(std::move(lease), work, client, std::move(stop));
}

SimWorkers::Ticket SimWorkers::Submit(LearnerPool::Lease lease, const StartWork& work,
                                      const SimClient& client, std::stop_token stop) {
  struct Job {  // a lane's job is copyable, these are not
    LearnerPool::Lease lease;
    std::promise<Done> done;
  };
  auto job = std::make_shared<Job>(Job{std::move(lease), {}});
  Ticket ticket = job->done.get_future();
  lanes_.SubmitAny([this, job = std::move(job), work, &client, stop = std::move(stop)](std::size_t here) {
    job->done.set_value({here, Run(std::move(job->lease), work, client, stop)});
  });
  return ticket;
}

Result<SimWorkers::Sealed> SimWorkers::Run(LearnerPool::Lease lease, const StartWork& work,
                                           const SimClient& client, std::stop_token stop) {
  const WorkRequest& request = work.request;
  WorkResult result;
  CAIRN_ASSIGN_OR_RETURN(LocalRound round, RunLocalRound(lease.task(), request, *client.train,
                                                         *client.holdout, random_, noise_, {}, stop));
  result.report = round.report;
  result.metrics = std::move(round.metrics);
  const UpdateLayout layout = LayoutOf(request.model->values.spec());
  if (request.kind == RoundKind::kTrain) {
    result.update = std::make_shared<LeasedUpdate>(std::move(lease), request.model, layout);
  }
  if (work.ring == nullptr) {
    CAIRN_ASSIGN_OR_RETURN(SealedReport report,
                           guard_.Seal(std::move(*work.clearance), request.kind, std::move(result), layout));
    return Sealed(std::move(report));
  }
  NoiseBits noise = noise_.Open(request.round, request.client);
  CAIRN_ASSIGN_OR_RETURN(SealedContribution words,
                         guard_.Contribute(std::move(*work.clearance), request.kind, std::move(result),
                                           layout, work.ring->layout, work.ring->encode, &noise));
  if (!work.ring->is_masked) return Sealed(EgressGuard::WithoutMasks(std::move(words)));
  return Sealed(std::make_shared<SealedContribution>(std::move(words)));
}

Result<MetricSums> EvaluateOnLanes(const ModelVersion& model, Loss loss,
                                   const std::shared_ptr<const ExampleSource>& data, LanePool& lanes,
                                   LearnerPool& learners) {
  std::vector<LearnerPool::Lease> leases;
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    CAIRN_ASSIGN_OR_RETURN(LearnerPool::Lease lease, learners.Acquire());
    leases.push_back(std::move(lease));
  }
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
      LearningTask& task = leases[here].task();
      LoadModel(model, task.state());
      promise->set_value(task.Evaluate(loss, Subset(data, std::move(mine)), {}));
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

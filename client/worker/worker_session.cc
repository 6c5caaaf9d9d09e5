#include "client/worker/worker_session.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "client/learning/local_round.h"
#include "client/learning/noise_source.h"

namespace cairn {
namespace {

Status WrongDescriptor(const Status& reason) {
  return Status(errors::kWorkerProtocol, "the agent's shared memory cannot be used: " + reason.what());
}

UpdateView ViewOf(const ParameterSet& local, const ParameterSet& base, const UpdateLayout& layout) {
  const auto parameters = static_cast<std::size_t>(layout.parameters);
  const auto buffers = static_cast<std::size_t>(layout.buffers);
  UpdateView view;
  view.local_parameters = local.parameters().first(parameters);
  view.base_parameters = base.parameters().first(parameters);
  view.local_buffers = local.buffers().first(buffers);
  view.base_buffers = base.buffers().first(buffers);
  view.counters = local.counters().first(static_cast<std::size_t>(layout.counters));
  return view;
}

}  // namespace

Status WorkerSession::OpenMemory(const ParameterSpec& spec) {
  if (model_) {
    if (spec == spec_) return Status::Ok();
    return Status(errors::kWorkerProtocol, "a worker serves one model; this request is for another");
  }
  const UpdateLayout layout = LayoutOf(spec);
  // The agent asks for at least one byte of shared memory even where there is nothing to share.
  using enum SharedMemory::Access;
  auto model =
      SharedMemory::Attach(std::move(model_fd_), std::max<std::size_t>(spec.byte_size(), 1), kReadWrite);
  if (!model.ok()) return WrongDescriptor(model.status());
  auto update =
      SharedMemory::Attach(std::move(update_fd_), std::max<std::size_t>(layout.byte_size(), 1), kReadWrite);
  if (!update.ok()) return WrongDescriptor(update.status());
  model_ = std::move(model).value();
  update_ = std::move(update).value();
  spec_ = spec;
  layout_ = layout;
  return Status::Ok();
}

Status WorkerSession::OpenTask(const JobManifest& manifest, const ParameterSpec& spec) {
  if (task_ != nullptr && digest_ == manifest.digest) return Status::Ok();
  task_.reset();  // two models at once may not fit
  client_.reset();
  CAIRN_ASSIGN_OR_RETURN(auto task, parts_.tasks->Create(manifest.spec.model, manifest.spec.freeze));
  if (!(task->state().spec() == spec)) {
    return Status(errors::kModelMismatch, "this worker's '" + manifest.spec.model.arch +
                                              "' has other tensors than the job's model of that name");
  }
  task_ = std::move(task);
  digest_ = manifest.digest;
  random_.emplace(manifest.spec.seed);
  return Status::Ok();
}

Status WorkerSession::Prepare(const WorkRequest& request) {
  CAIRN_ASSIGN_OR_RETURN(const ParameterSpec spec, ParameterSpec::Create(request.manifest->tensors));
  CAIRN_RETURN_IF_ERROR(OpenMemory(spec));
  CAIRN_RETURN_IF_ERROR(OpenTask(*request.manifest, spec));
  if (client_ == request.client && dataset_toml_ == request.dataset_toml) return Status::Ok();
  client_.reset();
  data_ = {};
  CAIRN_ASSIGN_OR_RETURN(data_, parts_.open_data(request, *random_));
  client_ = request.client;
  dataset_toml_ = request.dataset_toml;
  return Status::Ok();
}

WorkUpdateTerms WorkerSession::WriteUpdate(const ModelVersion& base) {
  MaterializeUpdate(ViewOf(task_->state(), base.values, layout_),
                    update_->bytes().first(layout_.byte_size()));
  return {.bytes = layout_.byte_size(), .layout_hash = layout_.hash, .scale = 1, .weight = 1};
}

Result<WorkerSession::Outcome> WorkerSession::Do(DecodedWorkRequest work,
                                                 std::function<void(std::int64_t)> on_step,
                                                 std::stop_token stop) try {
  WorkRequest& request = work.request;
  CAIRN_RETURN_IF_ERROR(Prepare(request));
  auto model = std::make_shared<ModelVersion>(ModelVersion{work.model, ParameterSet(spec_)});
  std::ranges::copy(std::span<const std::byte>(model_->bytes()).first(spec_.byte_size()),
                    model->values.mutable_bytes().begin());
  request.model = model;
  CAIRN_ASSIGN_OR_RETURN(LocalRound round,
                         RunLocalRound(*task_, request, *data_.train, *data_.holdout, *random_, SystemNoise(),
                                       std::move(on_step), std::move(stop)));
  Outcome outcome;
  outcome.result.report = round.report;
  outcome.result.metrics = std::move(round.metrics);
  if (request.kind == RoundKind::kTrain) outcome.update = WriteUpdate(*model);
  return outcome;
} catch (const std::bad_alloc&) {
  task_.reset();
  data_ = {};
  client_.reset();
  return Status(errors::kWorkerMemory, "the worker may have no more memory");
}

}  // namespace cairn

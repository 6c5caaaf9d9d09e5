#include "protocol/messages/work_codec.h"

#include <cmath>
#include <memory>
#include <utility>

#include "cairn/v1/worker.pb.h"
#include "protocol/messages/private_round.h"
#include "protocol/messages/wire.h"

namespace cairn {
namespace {

using wire::Malformed;

constexpr std::size_t kMaxLayers = 16;

Result<PrivateTraining> Decode(const v1::PrivateTraining& in) {
  const PrivateTraining training{.clip = in.clip(),
                                 .noise_multiplier = in.noise_multiplier(),
                                 .sampling_rate = in.sampling_rate(),
                                 .steps = in.steps(),
                                 .expected_lot = in.expected_lot()};
  const std::string_view fault = FaultOf(training);
  if (!fault.empty()) return Malformed("privacy", fault);
  return training;
}

Result<WorkerFrame> Decode(const v1::WorkRequest& in, const DecodeLimits& limits) {
  DecodedWorkRequest out;
  WorkRequest& request = out.request;
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.kind(), &request.kind));
  auto manifest = std::make_shared<JobManifest>();
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.manifest(), limits, manifest.get()));
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.train(), &request.train));
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.model(), limits, &out.model));
  CAIRN_RETURN_IF_ERROR(wire::CheckText("dataset_toml", in.dataset_toml(), kMaxTomlBytes));
  if (out.model.size != manifest->initial_model.size)
    return Malformed("model", "not the size of the manifest's model");
  if (in.round() > kMaxRounds) return Malformed("round", "no job has so many rounds");
  // Whoever lost the terms on the way would train in the clear.
  const bool is_private = manifest->spec.privacy.has_value() && !manifest->spec.privacy->protects_clients() &&
                          request.kind == RoundKind::kTrain;
  if (in.has_privacy() != is_private) return Malformed("privacy", "not as the manifest promises to train");
  if (is_private) {
    CAIRN_ASSIGN_OR_RETURN(request.privacy.emplace(), Decode(in.privacy()));
  }
  request.manifest = std::move(manifest);
  request.round = {in.round()};
  request.attempt = in.attempt();
  request.client = {in.client()};
  request.evaluate = in.evaluate();
  request.dataset_toml = in.dataset_toml();
  return WorkerFrame(std::move(out));
}

Result<WorkerFrame> Decode(const v1::WorkerReady& in) {
  if (in.confinement_size() > static_cast<int>(kMaxLayers))
    return Malformed("ready.confinement", "too many layers");
  CAIRN_RETURN_IF_ERROR(wire::CheckText("ready.software", in.software(), kMaxNameBytes));
  WorkerReady ready{in.software(), {}};
  for (const std::string& layer : in.confinement()) {
    CAIRN_RETURN_IF_ERROR(wire::CheckText("ready.confinement", layer, kMaxNameBytes));
    ready.confinement.push_back(layer);
  }
  return WorkerFrame(std::move(ready));
}

Result<WorkerFrame> Decode(const v1::WorkProgress& in) {
  if (in.steps_done() < 0) return Malformed("progress.steps_done", "negative");
  return WorkerFrame(WorkProgress{in.steps_done()});
}

Result<TrainReport> Decode(const v1::TrainReport& in) {
  if (in.examples() < 0 || in.examples() > kMaxRows) return Malformed("report.examples", "outside [0, 2^40]");
  if (in.steps() < 0) return Malformed("report.steps", "negative");
  // A loss that is not finite is the site's own trouble: shown as such, part of no sum.
  if (!std::isfinite(in.seconds()) || in.seconds() < 0) return Malformed("report.seconds", "not a time");
  return TrainReport{.examples = in.examples(),
                     .steps = in.steps(),
                     .loss_first = in.loss_first(),
                     .loss_last = in.loss_last(),
                     .seconds = in.seconds()};
}

Result<WorkerFrame> Decode(const v1::WorkResult& in, const DecodeLimits& limits) {
  DecodedWorkResult out;
  CAIRN_ASSIGN_OR_RETURN(out.result.report, Decode(in.report()));
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.metrics(), &out.result.metrics));
  if (!in.has_update()) return WorkerFrame(std::move(out));
  if (in.update_bytes() > limits.max_blob_bytes) return Malformed("result.update_bytes", "too large");
  CAIRN_RETURN_IF_ERROR(wire::CheckShare("result.weight", in.weight()));
  CAIRN_RETURN_IF_ERROR(wire::CheckRange("result.scale", in.scale(), 0, 1));
  out.update = WorkUpdateTerms{.bytes = in.update_bytes(),
                               .layout_hash = in.layout_hash(),
                               .scale = in.scale(),
                               .weight = in.weight()};
  return WorkerFrame(std::move(out));
}

Result<WorkerFrame> Decode(const v1::Fault& in) {
  WorkFailed failed;
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in, &failed.status));
  return WorkerFrame(std::move(failed));
}

Result<WorkerFrame> Decode(const v1::WorkerFrame& in, const DecodeLimits& limits) {
  switch (in.kind_case()) {
    case v1::WorkerFrame::kRequest:
      return Decode(in.request(), limits);
    case v1::WorkerFrame::kStop:
      return WorkerFrame(StopWork{});
    case v1::WorkerFrame::kReady:
      return Decode(in.ready());
    case v1::WorkerFrame::kProgress:
      return Decode(in.progress());
    case v1::WorkerFrame::kResult:
      return Decode(in.result(), limits);
    case v1::WorkerFrame::kFailure:
      return Decode(in.failure());
    case v1::WorkerFrame::KIND_NOT_SET:
      break;
  }
  return Malformed("frame", "of no known kind");
}

Status AsWorkerFault(const Status& status) { return Status(errors::kWorkerProtocol, status.what()); }

template <class T>
Result<T> DecodeOnly(std::string_view bytes, const DecodeLimits& limits) {
  CAIRN_ASSIGN_OR_RETURN(WorkerFrame frame, DecodeWorkerFrame(bytes, limits));
  if (T* wanted = std::get_if<T>(&frame)) return std::move(*wanted);
  return Status(errors::kWorkerProtocol, "a frame of another kind than the one awaited");
}

void ToWire(const PrivateTraining& training, v1::PrivateTraining* out) {
  out->set_clip(training.clip);
  out->set_noise_multiplier(training.noise_multiplier);
  out->set_sampling_rate(training.sampling_rate);
  out->set_steps(training.steps);
  out->set_expected_lot(training.expected_lot);
}

}  // namespace

std::string EncodeWorkRequest(const WorkRequest& request) {
  CAIRN_CHECK(request.manifest != nullptr && request.model != nullptr, "work has a manifest and a model");
  v1::WorkerFrame frame;
  v1::WorkRequest* out = frame.mutable_request();
  out->set_kind(static_cast<v1::RoundKind>(request.kind));
  wire::ToWire(*request.manifest, out->mutable_manifest());
  out->set_round(request.round.value);
  out->set_attempt(request.attempt);
  out->set_client(request.client.value);
  wire::ToWire(request.train, out->mutable_train());
  out->set_evaluate(request.evaluate);
  wire::ToWire(request.model->ref, out->mutable_model());
  out->set_dataset_toml(request.dataset_toml);
  if (request.privacy) ToWire(*request.privacy, out->mutable_privacy());
  return wire::Serialize(frame);
}

std::string EncodeStopWork() {
  v1::WorkerFrame frame;
  frame.mutable_stop();
  return wire::Serialize(frame);
}

std::string EncodeWorkerReady(const WorkerReady& ready) {
  v1::WorkerFrame frame;
  frame.mutable_ready()->set_software(ready.software);
  frame.mutable_ready()->mutable_confinement()->Assign(ready.confinement.begin(), ready.confinement.end());
  return wire::Serialize(frame);
}

std::string EncodeWorkProgress(const WorkProgress& progress) {
  v1::WorkerFrame frame;
  frame.mutable_progress()->set_steps_done(progress.steps_done);
  return wire::Serialize(frame);
}

std::string EncodeWorkResult(const WorkResult& result, const std::optional<WorkUpdateTerms>& update) {
  v1::WorkerFrame frame;
  v1::WorkResult* out = frame.mutable_result();
  v1::TrainReport* report = out->mutable_report();
  report->set_examples(result.report.examples);
  report->set_steps(result.report.steps);
  report->set_loss_first(result.report.loss_first);
  report->set_loss_last(result.report.loss_last);
  report->set_seconds(result.report.seconds);
  wire::ToWire(result.metrics, out->mutable_metrics());
  if (update) {
    out->set_has_update(true);
    out->set_update_bytes(update->bytes);
    out->set_layout_hash(update->layout_hash);
    out->set_weight(update->weight);
    out->set_scale(update->scale);
  }
  return wire::Serialize(frame);
}

std::string EncodeWorkFailed(const Status& status) {
  v1::WorkerFrame frame;
  wire::ToWire(status, frame.mutable_failure());
  return wire::Serialize(frame);
}

Result<WorkerFrame> DecodeWorkerFrame(std::string_view bytes, const DecodeLimits& limits) {
  v1::WorkerFrame in;
  if (Status status = wire::Parse(bytes, limits, &in); !status.ok()) return AsWorkerFault(status);
  auto frame = Decode(in, limits);
  if (!frame.ok()) return AsWorkerFault(frame.status());
  return frame;
}

Result<DecodedWorkRequest> DecodeWorkRequest(std::string_view bytes, const DecodeLimits& limits) {
  return DecodeOnly<DecodedWorkRequest>(bytes, limits);
}

Result<WorkProgress> DecodeWorkProgress(std::string_view bytes, const DecodeLimits& limits) {
  return DecodeOnly<WorkProgress>(bytes, limits);
}

Result<DecodedWorkResult> DecodeWorkResult(std::string_view bytes, const DecodeLimits& limits) {
  return DecodeOnly<DecodedWorkResult>(bytes, limits);
}

}  // namespace cairn

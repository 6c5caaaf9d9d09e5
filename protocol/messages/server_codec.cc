#include <memory>
#include <utility>

#include "cairn/v1/session.pb.h"
#include "protocol/messages/codec.h"
#include "protocol/messages/wire.h"

namespace cairn {
namespace {

using wire::Malformed;

constexpr Duration kMaxDuration = std::chrono::hours(24 * 365);

Status CheckDuration(std::string_view field, Duration value) {
  if (value >= Duration::zero() && value <= kMaxDuration) return {};
  return Malformed(field, "outside 0 s to 365 days");
}

struct ServerEncoder {
  v1::ServerMessage* out;

  void operator()(const Welcome& welcome) const {
    v1::Welcome* to = out->mutable_welcome();
    to->set_protocol(welcome.protocol);
    to->set_software(welcome.software);
    to->set_session(welcome.session.value);
    to->set_heartbeat_ns(welcome.heartbeat.count());
  }
  void operator()(const Refusal& refusal) const {
    v1::Refusal* to = out->mutable_refusal();
    to->set_reason_id(refusal.reason_id);
    to->set_reason(refusal.reason);
    to->set_protocol_min(refusal.protocol_min);
    to->set_protocol_max(refusal.protocol_max);
  }
  void operator()(const JobOffer& offer) const {
    CAIRN_CHECK(offer.manifest != nullptr, "an offer has a manifest");
    wire::ToWire(*offer.manifest, out->mutable_job_offer()->mutable_manifest());
  }
  void operator()(const RoundPlan& plan) const {
    v1::RoundPlan* to = out->mutable_round_plan();
    wire::ToWire(plan.key, to->mutable_key());
    to->set_kind(static_cast<v1::RoundKind>(plan.kind));
    to->set_client(plan.client.value);
    wire::ToWire(plan.train, to->mutable_train());
    to->set_evaluate(plan.evaluate);
    to->set_deadline_ns(plan.deadline.count());
    to->set_layout_hash(plan.layout_hash);
    wire::ToWire(plan.model_ref, to->mutable_model());
    if (plan.masking.has_value()) wire::ToWire(*plan.masking, to->mutable_masking());
    to->set_clip(plan.clip);
  }
  void operator()(const ReportReceipt& receipt) const {
    v1::ReportReceipt* to = out->mutable_report_receipt();
    wire::ToWire(receipt.key, to->mutable_key());
    to->set_outcome(static_cast<v1::ReportOutcome>(receipt.outcome));
    to->set_reason_id(receipt.reason_id);
    to->set_reason(receipt.reason);
  }
  void operator()(const RoundClosed& closed) const {
    v1::RoundClosed* to = out->mutable_round_closed();
    wire::ToWire(closed.key, to->mutable_key());
    to->set_committed(closed.committed);
  }
  void operator()(const JobEnded& ended) const {
    v1::JobEnded* to = out->mutable_job_ended();
    to->set_job(ended.job.value);
    to->set_outcome(static_cast<v1::JobOutcome>(ended.outcome));
    to->set_reason(ended.reason);
  }
  void operator()(const MaskingToClient& message) const { wire::ToWire(message, out->mutable_masking()); }
};

Result<ServerMessage> Decode(const v1::Welcome& in) {
  CAIRN_RETURN_IF_ERROR(wire::CheckText("welcome.software", in.software(), kMaxNameBytes));
  CAIRN_RETURN_IF_ERROR(CheckDuration("welcome.heartbeat", Duration(in.heartbeat_ns())));
  return ServerMessage(Welcome{.protocol = in.protocol(),
                               .software = in.software(),
                               .session = {in.session()},
                               .heartbeat = Duration(in.heartbeat_ns())});
}

Result<ServerMessage> Decode(const v1::Refusal& in) {
  CAIRN_RETURN_IF_ERROR(wire::CheckReason(in.reason_id(), in.reason()));
  return ServerMessage(Refusal{.reason_id = static_cast<std::uint16_t>(in.reason_id()),
                               .reason = in.reason(),
                               .protocol_min = in.protocol_min(),
                               .protocol_max = in.protocol_max()});
}

Result<ServerMessage> Decode(const v1::JobOffer& in, const DecodeLimits& limits) {
  auto manifest = std::make_shared<JobManifest>();
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.manifest(), limits, manifest.get()));
  return ServerMessage(JobOffer{std::move(manifest)});
}

Result<ServerMessage> Decode(const v1::RoundPlan& in, const DecodeLimits& limits) {
  RoundPlan plan;
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.key(), &plan.key));
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.kind(), &plan.kind));
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.train(), &plan.train));
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.model(), limits, &plan.model_ref));
  CAIRN_RETURN_IF_ERROR(CheckDuration("round_plan.deadline", Duration(in.deadline_ns())));
  plan.client = {in.client()};
  plan.evaluate = in.evaluate();
  plan.deadline = Duration(in.deadline_ns());
  plan.layout_hash = in.layout_hash();
  plan.clip = in.clip();  // the site holds it to the job (CheckPlan)
  if (in.has_masking()) CAIRN_RETURN_IF_ERROR(wire::FromWire(in.masking(), &plan.masking.emplace()));
  return ServerMessage(std::move(plan));
}

Result<ServerMessage> Decode(const v1::ReportReceipt& in) {
  ReportReceipt receipt;
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.key(), &receipt.key));
  CAIRN_RETURN_IF_ERROR(wire::CheckReason(in.reason_id(), in.reason()));
  if (in.outcome() < v1::REPORT_OUTCOME_ACCEPTED || in.outcome() > v1::REPORT_OUTCOME_INVALID) {
    return Malformed("report_receipt.outcome", "unknown outcome");
  }
  receipt.outcome = static_cast<ReportOutcome>(in.outcome());
  receipt.reason_id = static_cast<std::uint16_t>(in.reason_id());
  receipt.reason = in.reason();
  return ServerMessage(std::move(receipt));
}

Result<ServerMessage> Decode(const v1::RoundClosed& in) {
  RoundClosed closed;
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.key(), &closed.key));
  closed.committed = in.committed();
  return ServerMessage(closed);
}

Result<ServerMessage> Decode(const v1::JobEnded& in) {
  if (in.outcome() < v1::JOB_OUTCOME_FINISHED || in.outcome() > v1::JOB_OUTCOME_FAILED) {
    return Malformed("job_ended.outcome", "unknown outcome");
  }
  CAIRN_RETURN_IF_ERROR(wire::CheckReason(0, in.reason()));
  return ServerMessage(
      JobEnded{.job = {in.job()}, .outcome = static_cast<JobOutcome>(in.outcome()), .reason = in.reason()});
}

Result<ServerMessage> Decode(const v1::MaskingToClient& in) {
  MaskingToClient message;
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in, &message));
  return ServerMessage(std::move(message));
}

}  // namespace

std::string Encode(const ServerMessage& message) {
  v1::ServerMessage out;
  std::visit(ServerEncoder{&out}, message);
  return wire::Serialize(out);
}

Result<ServerMessage> DecodeServerMessage(std::string_view bytes, const DecodeLimits& limits) {
  v1::ServerMessage in;
  CAIRN_RETURN_IF_ERROR(wire::Parse(bytes, limits, &in));
  switch (in.kind_case()) {
    case v1::ServerMessage::kWelcome:
      return Decode(in.welcome());
    case v1::ServerMessage::kRefusal:
      return Decode(in.refusal());
    case v1::ServerMessage::kJobOffer:
      return Decode(in.job_offer(), limits);
    case v1::ServerMessage::kRoundPlan:
      return Decode(in.round_plan(), limits);
    case v1::ServerMessage::kReportReceipt:
      return Decode(in.report_receipt());
    case v1::ServerMessage::kRoundClosed:
      return Decode(in.round_closed());
    case v1::ServerMessage::kJobEnded:
      return Decode(in.job_ended());
    case v1::ServerMessage::kMasking:
      return Decode(in.masking());
    case v1::ServerMessage::KIND_NOT_SET:
      break;
  }
  return Malformed("message", "of no known kind");
}

}  // namespace cairn

#include <utility>

#include "cairn/v1/session.pb.h"
#include "protocol/messages/codec.h"
#include "protocol/messages/wire.h"

namespace cairn {
namespace {

using wire::Malformed;

struct ClientEncoder {
  v1::ClientMessage* out;
  const UpdateTerms& update;

  void operator()(const Hello& hello) const {
    v1::Hello* to = out->mutable_hello();
    to->set_protocol_min(hello.protocol_min);
    to->set_protocol_max(hello.protocol_max);
    to->set_software(hello.software);
    to->set_site(hello.site);
    to->mutable_capabilities()->Assign(hello.capabilities.begin(), hello.capabilities.end());
  }
  void operator()(const JobReply& reply) const {
    v1::JobReply* to = out->mutable_job_reply();
    to->set_job(reply.job.value);
    to->set_answer(static_cast<v1::JobAnswer>(reply.answer));
    to->set_reason_id(reply.reason_id);
    to->set_reason(reply.reason);
  }
  void operator()(const Heartbeat& heartbeat) const {
    v1::Heartbeat* to = out->mutable_heartbeat();
    wire::ToWire(heartbeat.key, to->mutable_key());
    to->set_steps_done(heartbeat.progress);
  }
  void operator()(const Report& report) const {
    v1::Report* to = out->mutable_report();
    wire::ToWire(report.key, to->mutable_key());
    to->set_kind(static_cast<v1::RoundKind>(report.kind));
    to->set_examples(report.examples);
    to->set_layout_hash(report.layout_hash);
    wire::ToWire(report.metrics, to->mutable_metrics());
    if (report.masked.has_value()) {
      wire::ToWire(*report.masked, to->mutable_masked());
      wire::ToWire(update.ref, to->mutable_update());
    }
    if (report.update == nullptr) return;
    wire::ToWire(update.ref, to->mutable_update());
    to->set_weight(update.weight);
    to->set_scale(update.scale);
  }
  void operator()(const RoundDecline& decline) const {
    v1::RoundDecline* to = out->mutable_round_decline();
    wire::ToWire(decline.key, to->mutable_key());
    to->set_reason_id(decline.reason_id);
    to->set_reason(decline.reason);
  }
  void operator()(const MaskingToServer& message) const { wire::ToWire(message, out->mutable_masking()); }
};

// What a masked report may say in the clear: nothing that depends on data.
Status CheckMasked(const v1::Report& in, const Report& report) {
  if (!in.has_update()) return Malformed("report.update", "a masked report names its vector");
  if (in.examples() != 0 || in.weight() != 0 || in.scale() != 0 || !report.metrics.empty())
    return Malformed("report.masked", "numbers in the clear beside a masked vector");
  const BlobRef ref{.sha256 = report.masked->object.bytes, .size = report.masked->bytes};
  BlobRef named;
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.update(), {}, &named));
  if (named != ref) return Malformed("report.masked", "signed for another vector than the one sent");
  return {};
}

Result<ClientMessage> Decode(const v1::Hello& in) {
  if (in.capabilities_size() > static_cast<int>(kMaxCapabilities))
    return Malformed("hello.capabilities", "too many");
  CAIRN_RETURN_IF_ERROR(wire::CheckText("hello.software", in.software(), kMaxNameBytes));
  CAIRN_RETURN_IF_ERROR(wire::CheckText("hello.site", in.site(), kMaxNameBytes));
  if (in.protocol_min() > in.protocol_max()) return Malformed("hello.protocol_min", "above protocol_max");
  Hello hello{.protocol_min = in.protocol_min(),
              .protocol_max = in.protocol_max(),
              .software = in.software(),
              .site = in.site(),
              .capabilities = {}};
  for (const std::string& capability : in.capabilities()) {
    CAIRN_RETURN_IF_ERROR(wire::CheckText("hello.capabilities", capability, kMaxNameBytes));
    hello.capabilities.push_back(capability);
  }
  return ClientMessage(std::move(hello));
}

Result<ClientMessage> Decode(const v1::JobReply& in) {
  if (in.answer() < v1::JOB_ANSWER_ACCEPT || in.answer() > v1::JOB_ANSWER_PENDING) {
    return Malformed("job_reply.answer", "unknown answer");
  }
  CAIRN_RETURN_IF_ERROR(wire::CheckReason(in.reason_id(), in.reason()));
  return ClientMessage(JobReply{.job = {in.job()},
                                .answer = static_cast<JobAnswer>(in.answer()),
                                .reason_id = static_cast<std::uint16_t>(in.reason_id()),
                                .reason = in.reason()});
}

Result<ClientMessage> Decode(const v1::Heartbeat& in) {
  Heartbeat heartbeat;
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.key(), &heartbeat.key));
  if (in.steps_done() < 0) return Malformed("heartbeat.steps_done", "negative");
  heartbeat.progress = in.steps_done();
  return ClientMessage(heartbeat);
}

Result<ClientMessage> Decode(const v1::Report& in) {
  Report report;
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.key(), &report.key));
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.kind(), &report.kind));
  if (in.examples() < 0 || in.examples() > kMaxRows) return Malformed("report.examples", "outside [0, 2^40]");
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.metrics(), &report.metrics));
  if (in.has_masked()) {
    CAIRN_RETURN_IF_ERROR(wire::FromWire(in.masked(), &report.masked.emplace()));
    CAIRN_RETURN_IF_ERROR(CheckMasked(in, report));
  } else if (in.has_update() != (report.kind == RoundKind::kTrain)) {
    return Malformed("report.update", "a training report carries one, an evaluation none");
  }
  report.examples = in.examples();
  report.layout_hash = in.layout_hash();
  return ClientMessage(std::move(report));
}

Result<ClientMessage> Decode(const v1::RoundDecline& in) {
  RoundDecline decline;
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.key(), &decline.key));
  CAIRN_RETURN_IF_ERROR(wire::CheckReason(in.reason_id(), in.reason()));
  decline.reason_id = static_cast<std::uint16_t>(in.reason_id());
  decline.reason = in.reason();
  return ClientMessage(std::move(decline));
}

Result<ClientMessage> Decode(const v1::MaskingToServer& in) {
  MaskingToServer message;
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in, &message));
  return ClientMessage(std::move(message));
}

Result<UpdateTerms> DecodeUpdateTerms(const v1::Report& in, const DecodeLimits& limits) {
  UpdateTerms terms;
  CAIRN_RETURN_IF_ERROR(wire::FromWire(in.update(), limits, &terms.ref));
  if (in.has_masked()) return terms;
  CAIRN_RETURN_IF_ERROR(wire::CheckShare("report.weight", in.weight()));
  CAIRN_RETURN_IF_ERROR(wire::CheckRange("report.scale", in.scale(), 0, 1));
  terms.weight = in.weight();
  terms.scale = in.scale();
  return terms;
}

Result<ClientMessage> Decode(const v1::ClientMessage& in) {
  switch (in.kind_case()) {
    case v1::ClientMessage::kHello:
      return Decode(in.hello());
    case v1::ClientMessage::kJobReply:
      return Decode(in.job_reply());
    case v1::ClientMessage::kHeartbeat:
      return Decode(in.heartbeat());
    case v1::ClientMessage::kReport:
      return Decode(in.report());
    case v1::ClientMessage::kRoundDecline:
      return Decode(in.round_decline());
    case v1::ClientMessage::kMasking:
      return Decode(in.masking());
    case v1::ClientMessage::KIND_NOT_SET:
      break;
  }
  return Malformed("message", "of no known kind");
}

}  // namespace

std::string Encode(const ClientMessage& message, const UpdateTerms& update) {
  v1::ClientMessage out;
  std::visit(ClientEncoder{&out, update}, message);
  return wire::Serialize(out);
}

Result<DecodedClientMessage> DecodeClientMessage(std::string_view bytes, const DecodeLimits& limits) {
  v1::ClientMessage in;
  CAIRN_RETURN_IF_ERROR(wire::Parse(bytes, limits, &in));
  CAIRN_ASSIGN_OR_RETURN(ClientMessage message, Decode(in));
  DecodedClientMessage decoded{std::move(message), std::nullopt};
  if (in.report().has_update()) {
    CAIRN_ASSIGN_OR_RETURN(decoded.update, DecodeUpdateTerms(in.report(), limits));
  }
  return decoded;
}

}  // namespace cairn

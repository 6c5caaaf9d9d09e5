#include "protocol/messages/wire.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "cairn/v1/common.pb.h"
#include "core/base/text.h"

namespace cairn::wire {

Status Malformed(std::string_view field, std::string_view problem) {
  return Status(errors::kNetProtocol, std::string(field) + ": " + std::string(problem));
}

namespace {
// The library writes to stderr about each ill-formed string, which would let a peer fill our logs.
// What is wrong comes back as a Status instead.
void SilenceLibrary() {
  static const auto previous = google::protobuf::SetLogHandler(nullptr);
  static_cast<void>(previous);
}
}  // namespace

Status Parse(std::string_view bytes, const DecodeLimits& limits, google::protobuf::MessageLite* message) {
  if (bytes.size() > limits.max_bytes) {
    return Malformed("message", std::to_string(bytes.size()) + " bytes, at most " +
                                    std::to_string(limits.max_bytes) + " are allowed");
  }
  SilenceLibrary();
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetTotalBytesLimit(static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(kMaxRecursion);
  if (!message->ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    return Malformed("message", "the bytes are not a well-formed message");
  }
  return {};
}

std::string Serialize(const google::protobuf::MessageLite& message) {
  std::string bytes;
  CAIRN_CHECK(message.SerializeToString(&bytes), "a message of ours must serialize");
  return bytes;
}

Status CheckText(std::string_view field, std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return {};
  return Malformed(field, std::to_string(text.size()) + " bytes, at most " + std::to_string(max_bytes));
}

Status CheckRange(std::string_view field, double value, double low, double high) {
  if (std::isfinite(value) && value >= low && value <= high) return {};
  return Malformed(field, "outside [" + FormatDouble(low) + ", " + FormatDouble(high) + "]");
}

Status CheckShare(std::string_view field, double value) {
  if (value > 0 && value <= 1) return {};  // false for NaN
  return Malformed(field, "outside (0, 1]");
}

void ToWire(const BlobRef& ref, v1::BlobRef* out) {
  out->set_sha256(ref.sha256.data(), ref.sha256.size());
  out->set_size(ref.size);
}

Status FromWire(const v1::BlobRef& in, const DecodeLimits& limits, BlobRef* out) {
  if (in.sha256().size() != out->sha256.size()) return Malformed("blob.sha256", "not 32 bytes");
  if (in.size() > limits.max_blob_bytes) return Malformed("blob.size", "larger than this peer takes");
  std::memcpy(out->sha256.data(), in.sha256().data(), out->sha256.size());
  out->size = in.size();
  return {};
}

void ToWire(const RoundKey& key, v1::RoundKey* out) {
  out->set_job(key.job.value);
  out->set_round(key.round.value);
  out->set_attempt(key.attempt);
}

Status FromWire(const v1::RoundKey& in, RoundKey* out) {
  if (in.round() > kMaxRounds) return Malformed("key.round", "no job has so many rounds");
  *out = {.job = {in.job()}, .round = {in.round()}, .attempt = in.attempt()};
  return {};
}

Status FromWire(int kind, RoundKind* out) {
  switch (kind) {
    case v1::ROUND_KIND_TRAIN:
      *out = RoundKind::kTrain;
      return {};
    case v1::ROUND_KIND_EVALUATE:
      *out = RoundKind::kEvaluate;
      return {};
    default:
      return Malformed("kind", "unknown kind of round");
  }
}

Status CheckReason(std::uint32_t id, const std::string& reason) {
  if (id > 9999) return Malformed("reason_id", "not an error id");
  return CheckText("reason", reason, kMaxReasonBytes);
}

void ToWire(const Status& status, v1::Fault* out) {
  out->set_id(status.id().value);
  out->set_what(status.what());
  out->set_why(status.why());
  out->set_mend(status.mend());
}

Status FromWire(const v1::Fault& in, Status* out) {
  CAIRN_RETURN_IF_ERROR(CheckReason(in.id(), in.what()));
  CAIRN_RETURN_IF_ERROR(CheckText("fault.why", in.why(), kMaxReasonBytes));
  CAIRN_RETURN_IF_ERROR(CheckText("fault.mend", in.mend(), kMaxReasonBytes));
  const ErrorId id{static_cast<std::uint16_t>(in.id())};
  // An id this release does not know is kept out: its words would be missing everywhere.
  *out = Status(FindError(id) != nullptr ? id : errors::kInternal, in.what());
  if (!in.why().empty()) *out = std::move(*out).Why(in.why());
  if (!in.mend().empty()) *out = std::move(*out).Mend(in.mend());
  return {};
}

}  // namespace cairn::wire

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "protocol/messages/limits.h"
#include "protocol/messages/messages.h"

// Inside of the codec: domain structs to generated messages and back, one pair of overloads a type.
// FromWire leaves *out unspecified on error. Not for use outside protocol/messages.

namespace cairn::v1 {
class BlobRef;
class CohortConfig;
class Fault;
class JobManifest;
class JobSpec;
class MaskingToClient;
class MaskingToServer;
class MetricSums;
class PlanMasking;
class RoundKey;
class SecAggMaskedInput;
class TrainConfig;
enum RoundKind : int;
}  // namespace cairn::v1

namespace google::protobuf {
class MessageLite;
}

namespace cairn::wire {

// "report.metrics: 3 classes need 9 confusion counts, got 8".
Status Malformed(std::string_view field, std::string_view problem);

// Size, then depth, total and UTF-8: what the generated parser can check, with our bounds.
Status Parse(std::string_view bytes, const DecodeLimits& limits, google::protobuf::MessageLite* message);
std::string Serialize(const google::protobuf::MessageLite& message);

Status CheckText(std::string_view field, std::string_view text, std::size_t max_bytes);
Status CheckRange(std::string_view field, double value, double low, double high);
// A weight: finite, in (0, 1].
Status CheckShare(std::string_view field, double value);

void ToWire(const BlobRef& ref, v1::BlobRef* out);
Status FromWire(const v1::BlobRef& in, const DecodeLimits& limits, BlobRef* out);
void ToWire(const RoundKey& key, v1::RoundKey* out);
Status FromWire(const v1::RoundKey& in, RoundKey* out);
Status FromWire(int kind, RoundKind* out);
void ToWire(const MetricSums& sums, v1::MetricSums* out);
Status FromWire(const v1::MetricSums& in, MetricSums* out);
void ToWire(const Status& status, v1::Fault* out);
Status FromWire(const v1::Fault& in, Status* out);
Status CheckReason(std::uint32_t id, const std::string& reason);

void ToWire(const TrainConfig& config, v1::TrainConfig* out);
Status FromWire(const v1::TrainConfig& in, TrainConfig* out);
void ToWire(const MaskingToServer& message, v1::MaskingToServer* out);
Status FromWire(const v1::MaskingToServer& in, MaskingToServer* out);
void ToWire(const MaskingToClient& message, v1::MaskingToClient* out);
Status FromWire(const v1::MaskingToClient& in, MaskingToClient* out);
void ToWire(const secagg::MaskedInput& input, v1::SecAggMaskedInput* out);
Status FromWire(const v1::SecAggMaskedInput& in, secagg::MaskedInput* out);
void ToWire(const PlanMasking& masking, v1::PlanMasking* out);
Status FromWire(const v1::PlanMasking& in, PlanMasking* out);

void ToWire(const JobManifest& manifest, v1::JobManifest* out);
Status FromWire(const v1::JobManifest& in, const DecodeLimits& limits, JobManifest* out);

}  // namespace cairn::wire

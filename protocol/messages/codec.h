#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "protocol/messages/limits.h"
#include "protocol/messages/messages.h"

// Messages as bytes and back: the edge where what the network sent becomes a type.
//
// Decoding checks the size, then the shape (depth, known kinds, counts, UTF-8), then the ranges; what
// comes out is as valid as if we had made it. Unknown fields are dropped. Every refusal is
// kNetProtocol and names the field, never a value of it. Functions are pure and thread-safe.

namespace cairn {

// What the encoded form of a report says about its update, whose numbers travel as a blob of
// MaterializeUpdate's bytes.
struct UpdateTerms {
  BlobRef ref;
  float scale = 1;    // [0, 1]
  double weight = 1;  // (0, 1]
  friend bool operator==(const UpdateTerms&, const UpdateTerms&) = default;
};

struct DecodedClientMessage {
  ClientMessage message;              // a Report without its update
  std::optional<UpdateTerms> update;  // what to fetch for it
};

// `update` belongs to a Report whose update is set, and is ignored otherwise.
std::string Encode(const ClientMessage& message, const UpdateTerms& update = {});
std::string Encode(const ServerMessage& message);

Result<DecodedClientMessage> DecodeClientMessage(std::string_view bytes, const DecodeLimits& limits = {});
// A RoundPlan comes without its model: model_ref says what to fetch. The digest of a manifest is
// recomputed and must be the one it names.
Result<ServerMessage> DecodeServerMessage(std::string_view bytes, const DecodeLimits& limits = {});

}  // namespace cairn

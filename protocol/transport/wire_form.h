#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "protocol/messages/codec.h"
#include "protocol/transport/transport.h"

// What the `wire` mode of the in-process transport does to a message on its way: encode, cut, check,
// decode. Pure; the same steps as the real transport takes, without a network.

namespace cairn {

// A report's update is materialised, sent in chunks and checked against the job's layout; bad numbers
// come back as report.fault. `carried`, where given, grows by the bytes of message and update, without the
// frames of a network. Errors: kNetProtocol.
Result<ClientMessage> ThroughWire(const ClientMessage& message, const BlobCatalog& catalog,
                                  std::uint64_t* carried = nullptr);

// A plan's model is fetched from the catalog and put into a set of its own shape. `known` is a model
// the receiver has already: it is used again when it is the one named.
Result<ServerMessage> ThroughWire(const ServerMessage& message, const BlobCatalog& catalog,
                                  const ParameterSpec* spec, const ModelHandle& known,
                                  std::uint64_t* carried = nullptr);

// A model whose bytes came from outside: kNetProtocol when they are not of this shape.
Result<ModelHandle> ReceiveModel(const BlobRef& ref, const ParameterSpec& spec,
                                 std::span<const std::byte> bytes);

}  // namespace cairn

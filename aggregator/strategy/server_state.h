#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "aggregator/strategy/strategy.h"
#include "core/base/status.h"

namespace cairn {

// The optimizer half of a checkpoint: round, m and v. The model itself is stored as the published blob
// (ParameterSet::bytes), once for all readers. Little-endian:
//
//   "CRNSTATE" | u32 version 1 | u32 bytes of name | strategy name | u64 layout hash | u64 round
//   | u64 elements of m | u64 elements of v | m f32… | v f32… | u32 CRC-32C over everything before
std::vector<std::byte> EncodeServerState(std::string_view strategy, const ServerState& state);

// Reads back into a state that Strategy::Start made from the stored model. Damaged bytes are refused
// (kStorageCorrupt), another version, strategy, model or size too (kServerState); the state is then
// unchanged.
Status DecodeServerState(std::span<const std::byte> bytes, std::string_view strategy, ServerState& into);

}  // namespace cairn
